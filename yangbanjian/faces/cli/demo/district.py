"""Who lives in the demo district, and what they do in two years."""

from __future__ import annotations

import logging
from collections.abc import Callable
from random import Random
from types import ModuleType
from typing import Any, Protocol

from yangbanjian.engines.matching import actions as matching
from yangbanjian.engines.matching import queries as matches
from yangbanjian.faces.cli.demo import content
from yangbanjian.faces.cli.demo.money import day_at_the_bank
from yangbanjian.faces.cli.demo.plans import BY_KEY
from yangbanjian.faces.cli.running import DEMO_DAYS, DEMO_PASSWORD
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people import actions as people
from yangbanjian.ground.people import queries as persons
from yangbanjian.ground.site import actions as site
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.identifiers import make_uscc
from yangbanjian.kernel.refusals import Refusal
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.libraries.demands import actions as demands
from yangbanjian.libraries.experts import actions as experts
from yangbanjian.libraries.records.actions import Origin

log = logging.getLogger(__name__)
ORIGIN = Origin(source="demo", is_demo=True)
VALID_DAYS = 300
# When the second year begins: what is not sold on the floor is published then.
SECOND = DEMO_DAYS - 365
AT_THE_BANK = SECOND + 361
LOOKED_THROUGH = 14  # days from handing in to a sale, at least
ROLE_OF_KIND = {
    "university": Role.TTO,
    "institute": Role.TTO,
    "hospital": Role.TTO,
    "society": Role.BROKER,
    "broker": Role.BROKER,
    "agency": Role.BROKER,
    "exchange": Role.EXCHANGE,
}
OPERATOR = {"name": "东港区技术转移中心", "region": "310110"}
DISTRICTS = ("310110", "310115")  # whose organisations lie in the district's streets
STREETS = (
    "大学城街道", "滨江街道", "创谷街道", "科苑街道", "东港街道", "新湾街道",
    "梧桐街道", "长桥街道", "老码头街道", "湿地街道", "平安里街道", "北园街道",
)  # fmt: skip


def _street(number: int, region: str) -> str:
    return STREETS[number * number % 37 % len(STREETS)] if region in DISTRICTS else ""


class Calendar(Protocol):
    """Where later days are planned."""

    day: float

    def plan(self, day: float, what: Callable[[], None]) -> None: ...


class District:
    """The people by organisation, and their habits."""

    def __init__(self, story: Calendar, chance: Random) -> None:
        self.story, self.chance = story, chance
        self.organisations: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self.actors: dict[str, Actor] = {}
        self.accounts: dict[str, Actor] = {}
        self.operator: Actor = SYSTEM
        self.records: dict[str, int] = {}

    # Founding ----------------------------------------------------------------------------

    def found(self) -> None:
        """Organisations, one person each, and the accounts that a visitor may use."""
        authority = people.add_organisation(
            actor=SYSTEM, kind="authority", values=OPERATOR, is_demo=True
        )
        self.organisations["authority"] = authority.pk
        self.operator = self._person("operator", "陈知远", Role.OPERATOR, "authority")
        self.accounts["auditor"] = self._person("auditor", "顾明章", Role.AUDITOR, "authority")
        for number, row in enumerate(content.rows("organisations")):
            self._organisation(number, row)
        self._accounts()
        site.change(
            actor=self.operator,
            values={
                "name": "东港区技术大市场",
                "host": "东港区科学技术委员会",
                "operator": OPERATOR["name"],
                "contact": "000-0000 0000",
                "valid_days": VALID_DAYS,
                "streets": list(STREETS),
            },
        )

    def _organisation(self, number: int, row: content.Row) -> None:
        values = {
            "name": row["name"],
            "short_name": row.get("short_name") or "",
            "uscc": make_uscc(number + 1, region=row.get("region") or "310110"),
            "region": row.get("region") or "",
            # Fewer and fewer from the first street to the last, as districts are.
            "street": _street(number, row.get("region") or ""),
            "intro": row.get("intro") or "",
            "website": row.get("website") or "",
            "contact_name": "业务联系人",
            "contact_phone": f"000-0000 {number:04d}",
        }
        made = people.add_organisation(actor=SYSTEM, kind=row["kind"], values=values, is_demo=True)
        self.organisations[row["key"]] = made.pk
        self.names[row["key"]] = row["name"]
        role = ROLE_OF_KIND.get(row["kind"], Role.ENTERPRISE)
        username = f"demo-{row['key']}"
        self.actors[row["key"]] = self._person(
            username, f"{row['short_name']}业务员", role, row["key"], can_sign_in=False
        )
        stated = {
            "field": row.get("fields"),
            "industry": [(row.get("industry_code") or "")[1:]],
            "chain": row.get("chain_tags"),
        }
        for kind, codes in stated.items():
            people.set_stated_tags(
                actor=self.actors[row["key"]],
                organisation_id=made.pk,
                kind=kind,
                codes=[c for c in codes or [] if c],
            )

    def _person(
        self, username: str, name: str, role: Role, home: str, *, can_sign_in: bool = True
    ) -> Actor:
        made = people.create_user(
            actor=SYSTEM, role=role, name=name, username=username, password=DEMO_PASSWORD,
            organisation_id=self.organisations[home], is_demo=True,
            can_sign_in=can_sign_in,
        )  # fmt: skip
        return persons.actor_of(made.person)

    def _accounts(self) -> None:
        """The accounts of contract.md, each where a visitor finds something to do."""
        rows = content.rows("organisations")
        first = {kind: [r["key"] for r in rows if r["kind"] == kind] for kind in ROLE_OF_KIND}
        enterprises = list(dict.fromkeys(r["enterprise"] for r in content.rows("demands")))
        holder = content.rows("achievements")[0]["holder"]
        flagship = next(r["holder"] for r in content.rows("achievements") if "冷库" in r["title"])
        cold = next(r["enterprise"] for r in content.rows("demands") if "冷库" in r["problem"])
        second = [e for e in enterprises if e != cold]
        quiet = next(
            r["key"] for r in rows if r["kind"] == "enterprise" and r["key"] not in enterprises
        )
        custody = next(
            (r["custody_broker"] for r in content.rows("achievements")
             if r.get("custody_broker") and r["holder"] == flagship),
            first["broker"][0],
        )  # fmt: skip
        places = {
            "tto": ("林晓", Role.TTO, flagship),
            "tto2": ("何静", Role.TTO, holder if holder != flagship else first["university"][-1]),
            "broker": ("周行之", Role.BROKER, custody),
            "enterprise": ("吴启明", Role.ENTERPRISE, cold),
            "enterprise2": ("郑安", Role.ENTERPRISE, second[0]),
            "enterprise3": ("冯远", Role.ENTERPRISE, quiet),
            "expert": (
                content.rows("experts")[0]["name"], Role.EXPERT,
                content.rows("experts")[0]["organisation"],
            ),
            "exchange": ("许衡", Role.EXCHANGE, first["exchange"][0]),
            "exchange2": ("罗一清", Role.EXCHANGE, first["exchange"][0]),
        }  # fmt: skip
        for username, (name, role, home) in places.items():
            self.accounts[username] = self._person(username, name, role, home)
        keeper = self.actors[first["exchange"][0]]
        payers = [self.organisations[key] for key in (cold, *second[:2])]
        self.story.plan(
            AT_THE_BANK, lambda: self.attempt(lambda: day_at_the_bank(keeper, payers), "bank")
        )
        self.story.plan(LOOKS_ON[0] - 1, lambda: self._confirm(quiet, custody))
        for day in LOOKS_ON:
            self.story.plan(
                day, lambda: self.attempt(lambda: self._look_at_directions(quiet), quiet)
            )

    # The two years ----------------------------------------------------------------------------

    def plan_the_libraries(self) -> None:
        """Lay the story out; what follows from an event is planned when it happens."""
        for row in content.rows("experts"):
            day = SECOND + self.chance.uniform(1, 200)
            self.story.plan(day, self._publishing("expert", row))
        for index, row in enumerate(content.rows("achievements")):
            day = SECOND + self.chance.uniform(2, 362)
            sold = BY_KEY.get(row["key"])
            if sold is not None:  # long enough before its sale to be looked through, and mended
                day = max(sold.day - LOOKED_THROUGH - day % 25, 1.0)
            self.story.plan(day, self._publishing("achievement", row, index))
        for row in content.rows("demands"):
            day = SECOND + self.chance.uniform(25, 362)
            self.story.plan(day, self._publishing("demand", row))

    def showroom(self, field: str) -> int:
        """The brokerage that keeps the showroom of a field."""
        rows = content.rows("organisations")
        key = next(r["key"] for r in rows if r["kind"] == "broker" and field in r["fields"])
        return self.organisations[key]

    def _publishing(self, kind: str, row: content.Row, index: int = 0) -> Callable[[], None]:
        return lambda: self.attempt(lambda: self._publish(kind, row, index), row["key"])

    def attempt(self, what: Callable[[], None], where: str) -> None:
        """A refusal in the story is a mistake in its content: told, and the story goes on."""
        try:
            what()
        except Refusal as refusal:
            problems = [f"{p.field}: {p}" for p in getattr(refusal, "problems", ())]
            log.error("demo %s: %s %s", where, refusal, problems)

    def _publish(self, kind: str, row: content.Row, index: int) -> None:
        verbs: ModuleType
        if kind == "achievement":
            owner, verbs = row["holder"], achievements
            values = content.achievement(row, index, self.names)
        elif kind == "demand":
            owner, verbs = row["enterprise"], demands
            values = content.demand(row, clock.today())
        else:
            owner, verbs = row["organisation"], experts
            values = content.expert(row, self.names)
        actor = self.actors[owner]
        made = verbs.add(
            actor=actor, owner_id=self.organisations[owner], values=values, origin=ORIGIN
        )
        self.records[row["key"]] = made.pk
        if kind == "achievement" and row.get("custody_broker"):
            achievements.give_custody(
                actor=actor, record_id=made.pk, broker_id=self.organisations[row["custody_broker"]]
            )
        # The last days leave something to do: drafts unfinished, submissions not looked at yet.
        is_recent = self.story.day > SECOND + 350
        if is_recent and self.chance.random() < 0.3:
            return
        verbs.move(actor=actor, record_id=made.pk, name="submit")
        if is_recent and self.chance.random() < 0.6:
            return
        day = self.story.day + self.chance.uniform(0.2, 3)
        self.story.plan(
            day, lambda: self.attempt(lambda: self._moderate(kind, row, verbs), row["key"])
        )

    def _moderate(self, kind: str, row: content.Row, verbs: Any) -> None:
        record_id = self.records[row["key"]]
        if kind == "achievement" and not row.get("results") and self.chance.random() < 0.3:
            verbs.move(
                actor=self.operator, record_id=record_id, name="return",
                reason="请补一项实测结果和测试条件，企业最先看这个。",
            )  # fmt: skip
            self.story.plan(
                self.story.day + 4,
                lambda: self.attempt(lambda: self._again(kind, row, verbs), row["key"]),
            )
            return
        verbs.move(actor=self.operator, record_id=record_id, name="approve")
        self._plan_life(kind, row, verbs)

    def _again(self, kind: str, row: content.Row, verbs: Any) -> None:
        owner = row["holder"]
        record_id = self.records[row["key"]]
        verbs.move(actor=self.actors[owner], record_id=record_id, name="submit")
        verbs.move(actor=self.operator, record_id=record_id, name="approve")
        self._plan_life(kind, row, verbs)

    def _plan_life(self, kind: str, row: content.Row, verbs: Any) -> None:
        """Renewal before the end for most; introductions for a demand."""
        owner = row.get("holder") or row.get("enterprise") or row["organisation"]
        if self.chance.random() < 0.9:
            self.story.plan(
                self.story.day + VALID_DAYS - self.chance.uniform(1, 25),
                lambda: self.attempt(
                    lambda: self._renew(self.actors[owner], row["key"], verbs), row["key"]
                ),
            )
        if kind == "demand":
            day = self.story.day + self.chance.uniform(6, 12)
            self.story.plan(
                day, lambda: self.attempt(lambda: self._look_at_matches(row), row["key"])
            )

    def _renew(self, actor: Actor, key: str, verbs: Any) -> None:
        """Once more good for so long; what was published in the first year is renewed again."""
        verbs.move(
            actor=actor, record_id=self.records[key], name="renew", reason="内容已复核，仍可合作"
        )
        self.story.plan(
            self.story.day + VALID_DAYS - 13,
            lambda: self.attempt(lambda: self._renew(actor, key, verbs), key),
        )

    # Introductions -------------------------------------------------------------------------

    def _look_at_matches(self, row: content.Row) -> None:
        """The enterprise reads its matches, judges some, and asks for the best."""
        actor = self.actors[row["enterprise"]]
        found = list(matches.matches_of_demand(actor, self.records[row["key"]])[:4])
        right = {self.records.get(key) for key in row.get("answers") or []}
        asked = False
        for match in found:
            matching.move(actor=actor, match_id=match.pk, name="see")
            fits = match.achievement_id in right or (match.expert_id and match.percent >= 60)
            if fits and not asked and self.chance.random() < 0.85:
                asked = True
                matching.judge(actor=actor, match_id=match.pk, verdict="good")
                matching.move(
                    actor=actor, match_id=match.pk, name="interested",
                    note="想先看现场数据，方便的话约一次线上交流。",
                )  # fmt: skip
                day = self.story.day + self.chance.uniform(1, 12)
                self.story.plan(day, self._answering(match.pk, match.provider_id))
            elif not fits and self.chance.random() < 0.5:
                matching.judge(
                    actor=actor, match_id=match.pk, verdict="bad", why=self.chance.choice(WHYS)
                )

    def _confirm(self, enterprise: str, broker: str) -> None:
        """A broker who knows an enterprise that has asked for nothing confirms its first tag."""
        organisation_id = self.organisations[enterprise]
        held = persons.tags(organisation_id).filter(kind="chain", source="stated").first()
        if held is not None:
            people.confirm_tag(
                actor=self.actors[broker], organisation_id=organisation_id, kind="chain",
                code=held.code,
            )  # fmt: skip

    def _look_at_directions(self, enterprise: str) -> None:
        """It reads what is suggested by its tags, asks for the best and says no to the last."""
        actor = self.actors[enterprise]
        waiting = matches.matches(actor).filter(demand=None, state="suggested").order_by("-score")
        found = list(waiting[:5])
        if len(found) < 3:
            return
        for match in found:
            matching.move(actor=actor, match_id=match.pk, name="see")
        matching.move(
            actor=actor, match_id=found[0].pk, name="interested",
            note="我们没有发需求，但正想了解这个方向，可以先寄样试用吗？",
        )  # fmt: skip
        matching.move(actor=actor, match_id=found[-1].pk, name="decline", why="benefit_unclear")
        owner = next(k for k, pk in self.organisations.items() if pk == found[0].provider_id)
        self.story.plan(
            self.story.day + 4,
            lambda: self.attempt(
                lambda: self._agree(found[0].pk, self.actors[owner]),
                owner,
            ),
        )

    def _agree(self, match_id: int, actor: Actor) -> None:
        matching.move(actor=actor, match_id=match_id, name="agree")

    def _answering(self, match_id: int, provider_id: int) -> Callable[[], None]:
        owner = next(key for key, pk in self.organisations.items() if pk == provider_id)
        return lambda: self.attempt(lambda: self._answer(match_id, self.actors[owner]), owner)

    def _answer(self, match_id: int, actor: Actor) -> None:
        drawn = self.chance.random()
        if drawn < 0.68:
            matching.move(actor=actor, match_id=match_id, name="agree")
        elif drawn < 0.82:
            why = self.chance.choice(("timing", "price", "condition_conflict"))
            matching.move(actor=actor, match_id=match_id, name="decline", why=why)


LOOKS_ON = (SECOND + 120.0, SECOND + 240.0)
WHYS = ("out_of_scope", "target_missed", "too_early", "price", "condition_conflict",
        "description_unclear")  # fmt: skip
