"""What can be done on the page of a listing: one form each."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from yangbanjian.faces.web import listings_forms as forms
from yangbanjian.faces.web.floor_forms import NothingForm, ReasonForm
from yangbanjian.faces.web.forms_on_pages import Act
from yangbanjian.kernel.actor import Actor
from yangbanjian.market.trading import actions, queries


def acts_of(actor: Actor, one: Any) -> dict[str, Act]:
    """The forms of the page: those of buyers first."""
    return {
        **_of_buyers(actor, one), **_of_questions(actor, one), **_of_exchange(actor),
        **_of_terms(actor, one), **_of_steps(actor, one),
    }  # fmt: skip


def _of_buyers(actor: Actor, one: Any) -> dict[str, Act]:
    def sign_up(values: dict[str, Any]) -> str:
        made = actions.sign_up(
            actor=actor, listing_id=one.pk, bank_account=values["bank_account"],
            is_related=values["relation"] == "related",
            is_priority=values["relation"] == "priority", statement=values["statement"],
        )  # fmt: skip
        return _("已报名，您的竞买号是 %(plate)s。请按下面的说明交保证金。") % {"plate": made.plate}

    def leave(_values: dict[str, Any]) -> str:
        mine = queries.own_registration(actor, one)
        actions.withdraw_registration(actor=actor, registration_id=mine.pk if mine else 0)
        return _("已退出报名。")

    return {
        "sign_up": Act(forms.SignUpForm, sign_up),
        "leave": Act(NothingForm, leave),
    }


def _of_questions(actor: Actor, one: Any) -> dict[str, Act]:
    def ask(values: dict[str, Any]) -> str:
        actions.ask(actor=actor, listing_id=one.pk, text=values["text"])
        return _("提问已送达，答复后会告诉您，问和答都公开，不写您的名字。")

    def answer(values: dict[str, Any]) -> str:
        actions.answer(actor=actor, question_id=values["question"], text=values["text"])
        return _("已答复，所有人都能看到。")

    return {"ask": Act(forms.TextForm, ask), "answer": Act(forms.AnswerForm, answer)}


def _of_exchange(actor: Actor) -> dict[str, Act]:
    def qualify(values: dict[str, Any]) -> str:
        actions.qualify_buyer(actor=actor, registration_id=values["registration"])
        return _("已确认资格。")

    def refuse(values: dict[str, Any]) -> str:
        actions.refuse_buyer(
            actor=actor, registration_id=values["registration"], reason=values["reason"]
        )
        return _("已记下，保证金原路退回。")

    return {"qualify": Act(forms.BuyerForm, qualify), "refuse": Act(forms.BuyerForm, refuse)}


def _of_terms(actor: Actor, one: Any) -> dict[str, Act]:
    def revise(values: dict[str, Any]) -> str:
        actions.revise_listing(actor=actor, listing_id=one.pk, values=forms.said(values))
        return _("已修改。")

    def change(values: dict[str, Any]) -> str:
        reason = values.pop("reason")
        actions.change_listing(
            actor=actor, listing_id=one.pk, reason=reason, values=forms.said(values)
        )
        return _("已变更，披露期重新计算。")

    said = forms.shown(one)
    return {
        "revise": Act(forms.ListingForm, revise, initial=said),
        "change": Act(forms.ChangeForm, change, initial=said),
    }


def _of_steps(actor: Actor, one: Any) -> dict[str, Act]:
    def plain(verb: Any, told: str) -> Act:
        def run(_values: dict[str, Any]) -> str:
            verb(actor=actor, listing_id=one.pk)
            return told

        return Act(NothingForm, run)

    def reasoned(verb: Any, told: str) -> Act:
        def run(values: dict[str, Any]) -> str:
            verb(actor=actor, listing_id=one.pk, reason=values["reason"])
            return told

        return Act(ReasonForm, run)

    return {
        "submit": plain(actions.submit_listing, _("已提交，等交易机构核对。")),
        "accept": plain(actions.accept_listing, _("已受理。发布还要另一位同事。")),
        "publish": plain(actions.publish_listing, _("已发布。")),
        "resume": plain(actions.resume_listing, _("已恢复，披露期顺延。")),
        "return": reasoned(actions.return_listing, _("已退回补正。")),
        "pause": reasoned(actions.pause_listing, _("已中止，原因公开。")),
        "withdraw": reasoned(actions.withdraw_listing, _("已撤牌，保证金原路退回。")),
        "end": reasoned(actions.end_listing, _("已终结，保证金原路退回。")),
    }
