"""The diligence room: papers put in, replaced and taken back, the undertaking, giving a paper out."""

from __future__ import annotations

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.files.models import File
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions.decisions import INVALID, fact
from yangbanjian.market.trading.actions.listings import locked_listing, waiting_lot
from yangbanjian.market.trading.models import Listing, Paper, Reading, Undertaking
from yangbanjian.market.trading.rules import papers as rules


def put_paper(
    *, actor: Actor, listing_id: int, file_id: int, tier: str, name: str, slot: int | None = None,
    reason: str = "",
) -> Paper:  # fmt: skip
    """Put a file of the seller's into the room, or in the place of another (`slot`), which stays as
    it was where buyers have been shown it, and is taken back where not. Of a public listing it counts from the next version: the exchange changes the listing,
    and the disclosure begins anew. Raises NotAllowed, Invalid, Conflict."""
    with acting(actor):
        queries.listing(actor, listing_id)
        one = locked_listing(listing_id)
        policy.may_prepare(actor, one.owner_id).or_refuse()
        _refuse_closed(one)
        stored = File.objects.filter(pk=file_id, owner_id=one.owner_id).first()
        why, said = clean_line(reason, cap=300), clean_line(name, cap=rules.LONGEST_NAME)
        latest = one.papers.filter(slot=slot).order_by("-version").first() if slot else None
        is_public = one.published_at is not None
        _refuse_problems(tier, said, stored, why, slot, latest, is_public=is_public)
        assert stored is not None
        if latest is not None and _may_go(latest, one):
            _withdraw(actor, latest)  # what it was to be replaced by is shown, it never is
        last = one.papers.order_by("-slot").first()
        made = Paper.objects.create(
            listing=one, owner_id=one.owner_id, slot=slot or (last.slot + 1 if last else 1),
            version=latest.version + 1 if latest else 1, tier=tier, name=said, reason=why,
            file=stored, file_name=stored.name, sha256=stored.sha256, size=stored.size, media_type=stored.media_type,
            since=rules.since(one.version, is_public=is_public), made_by=actor.person_id,
            made_at=clock.now(),
        )  # fmt: skip
        _tell(actor, made, "paper_put", remark=why)
        if is_public:
            word = Word(
                "trading",
                gettext_noop("「%(title)s」有新的尽调材料，请核对后变更挂牌，变更后才对外开放。"),
                {"title": one.title}, f"/listings/{one.pk}/papers", needs_action=True,
                once=f"paper.{made.pk}",
            )  # fmt: skip
            messages.tell_role(Role.EXCHANGE, word)
        return made


def _refuse_closed(one: Listing) -> None:
    if one.state not in rules.MAY_PUT:
        raise Conflict(
            "papers.not_now",
            gettext_noop("挂牌在这一步不能增换材料：起草、待补正和信息发布期内可以。"),
        )
    if one.published_at is not None and waiting_lot(one) is None:
        raise Conflict("papers.lot_open", gettext_noop("已经开始报价，材料不能再增换。"))
    if one.papers.count() >= rules.MOST_PAPERS:
        raise Conflict("papers.too_many", gettext_noop("资料室的材料已经很多，请合并后再放。"))


def _refuse_problems(
    tier: str, name: str, stored: File | None, reason: str, slot: int | None, latest: Paper | None,
    *, is_public: bool,
) -> None:  # fmt: skip
    problems = []
    if tier not in rules.TIERS:
        told = gettext_noop("开放范围选公开、报名并承诺保密后或取得资格后。")
        problems.append(Problem("tier", "unknown", told))
    if not name:
        problems.append(Problem("name", "required", gettext_noop("请给材料起个名字。")))
    if stored is None:
        told = gettext_noop("没有找到这个文件，请先由本单位上传。")
        problems.append(Problem("file", "unknown", told))
    elif stored.is_public and tier != rules.PUBLIC:
        told = gettext_noop("这个文件已经公开，不能再当保密材料。")
        problems.append(Problem("file", "is_public", told))
    if slot is not None and latest is None:
        told = gettext_noop("没有这份材料，请刷新页面再选要替换的。")
        problems.append(Problem("slot", "unknown", told))
    if is_public and not reason:
        told = gettext_noop("挂牌已经公开，请写明为什么增换材料。")
        problems.append(Problem("reason", "required", told))
    if problems:
        raise Invalid("papers.invalid", INVALID, problems)


def take_back_paper(*, actor: Actor, paper_id: int) -> Paper:
    """Take back a paper that buyers have not been shown: the seller, or the exchange that does not
    take it. It stays on record. Raises NotFound, NotAllowed, Conflict."""
    with acting(actor):
        seen = queries.paper(actor, paper_id)
        policy.may_take_back(actor, seen).or_refuse()
        listing = locked_listing(seen.listing_id)
        one = Paper.objects.select_for_update(no_key=True).get(pk=paper_id)
        if not _may_go(one, listing):
            raise Conflict(
                "papers.stands", gettext_noop("这份材料已经开放过或已撤下，只能用新的一版替换。")
            )
        _withdraw(actor, one)
        return one


def _may_go(one: Paper, listing: Listing) -> bool:
    """Is it there, and has no buyer been shown it?"""
    is_public = listing.published_at is not None
    is_shown = rules.is_shown(one.since, listing.version, is_public=is_public)
    return one.withdrawn_at is None and not is_shown


def _withdraw(actor: Actor, one: Paper) -> None:
    one.withdrawn_by, one.withdrawn_at = actor.person_id, clock.now()
    one.save(update_fields=["withdrawn_by", "withdrawn_at"])
    _tell(actor, one, "paper_taken_back")


def undertake(*, actor: Actor, listing_id: int, sha256: str) -> Undertaking:
    """Give the undertaking to keep a listing's papers, for the organisation that one speaks for:
    `sha256` is the digest of the text that the person had before them. Once; again changes nothing.
    Raises NotAllowed, Conflict (`papers.text_changed`)."""
    with acting(actor):
        one = queries.listing(actor, listing_id)
        policy.may_undertake(actor, queries.standing_in(actor, one)).or_refuse()
        assert actor.organisation_id is not None
        assert actor.person_id is not None
        before = queries.undertaking_of(actor, one)
        if before is not None:
            return before
        terms = queries.undertaking_terms()
        if sha256 != terms.sha256:
            raise Conflict(
                "papers.text_changed",
                gettext_noop("保密承诺的文本有更新，请刷新页面，读过再同意。"),
            )
        made, is_new = Undertaking.objects.get_or_create(
            listing=one, owner_id=actor.organisation_id, made_by=actor.person_id,
            defaults={
                "edition": terms.edition, "text_sha256": terms.sha256, "made_at": clock.now()
            },
        )  # fmt: skip
        if is_new:
            payload = {"listing": one.pk, "text_sha256": terms.sha256}
            told = fact(made, "undertaken", "undertaking", payload, edition=terms.edition.label)
            journal.record(actor=actor, fact=told)
        return made


def read_paper(*, actor: Actor, paper_id: int) -> tuple[Paper, bytes]:
    """A paper that is open to the actor, with its bytes, which were compared with their name just
    now. Who takes it is written down, but for the seller and, of a public paper, somebody without
    an account. Raises NotFound, and Conflict for a damaged file."""
    with acting(actor):
        one = queries.paper(actor, paper_id)
        # The house reads for whoever it has said yes to.
        _, content = files.read(actor=SYSTEM, sha256=one.sha256)
        if actor.person_id is not None and one.owner_id not in actor.mandates:
            with acting(SYSTEM):  # that somebody has read is not theirs to write, nor to leave out
                Reading.objects.create(
                    paper=one, listing_id=one.listing_id, owner_id=actor.organisation_id,
                    sha256=one.sha256, made_by=actor.person_id, made_at=clock.now(),
                )  # fmt: skip
            payload = {"listing": one.listing_id, **_said(one)}
            told = journal.Fact(
                verb="trading.paper_read", subject_kind="listing_paper", subject_id=one.pk,
                owner_id=actor.organisation_id, audience="staff", payload=payload,
            )  # fmt: skip
            journal.record(actor=actor, fact=told)
        return one, content


def _said(one: Paper) -> dict[str, object]:
    """What the journal keeps of a paper: never its name; of a closed one the digest stands under a
    name by which nobody encloses the content."""
    digest = "sha256" if one.tier == rules.PUBLIC else "content_sha256"
    return {
        "slot": one.slot, "version": one.version, "tier": one.tier, digest: one.sha256,
        "since": one.since,
    }  # fmt: skip


def _tell(actor: Actor, one: Paper, past: str, *, remark: str = "") -> None:
    payload = {"listing": one.listing_id, **_said(one)}
    journal.record(actor=actor, fact=fact(one, past, "listing_paper", payload, remark=remark))
