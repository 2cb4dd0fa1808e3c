"""What only a sandbox has: a clock to move, letters to read, accounts to try things with.

Outside a sandbox every call answers 404, whatever is sent.
"""

# No postponed annotations here: ninja evaluates them.
import secrets
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Field, Query, Router, Schema
from ninja.responses import Status
from pydantic import AwareDatetime, StrictInt, StringConstraints

from yangbanjian.faces.api.schemas import REFUSED, Paging
from yangbanjian.faces.api.wire import page
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting, each_as
from yangbanjian.ground.journal.jobs import deliver_all, work_off
from yangbanjian.ground.messages import mail
from yangbanjian.ground.people import actions as people
from yangbanjian.ground.people import queries
from yangbanjian.ground.people.rules import ORGANISATION_KINDS, ROLES_OF_KIND
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.kernel.durations import read_duration
from yangbanjian.kernel.refusals import Invalid, NotFound, Problem
from yangbanjian.kernel.words import gettext_noop

router = Router(tags=["sandbox"])
CLOCK, BANK = "sandbox-clock", "sandbox-bank"
MOST_ACCOUNTS = 200
LONGEST_NEWS = 5.0
# These join the one organisation that runs or oversees the district; the others get their own.
SHARED = frozenset({Role.OPERATOR, Role.AUDITOR, Role.EXCHANGE})


class ClockIn(Schema):
    """How far (`advance`: 16d, 36h, 90m, 30s) or until when (`to`) to move the clock."""

    advance: str | None = Field(default=None, max_length=20)
    to: AwareDatetime | None = None


class ClockOut(Schema):
    """Business time now, how much each piece of due work did, and which failed."""

    now: datetime
    ran: dict[str, int]
    failed: list[str]


class LetterOut(Schema):
    id: int
    recipients: list[str]
    sender: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    sent_at: datetime


class Letters(Schema):
    items: list[LetterOut]
    count: int
    page: int


class LetterQuery(Paging):
    to: str = ""


class AccountsIn(Schema):
    role: Role
    count: int = Field(default=1, ge=1, le=MOST_ACCOUNTS)


class AccountOut(Schema):
    """An account that was made here; its password is told this once, to sign in on the pages."""

    user: str
    password: str
    organisation_id: int
    token: str
    bank_account: str


class Accounts(Schema):
    items: list[AccountOut]


class BankIn(Schema):
    """Money that moves between two bank accounts, each by its number (`bank_account` of the
    accounts made here), with what the sender wrote."""

    from_account: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    to_account: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    amount_fen: StrictInt
    reference: Annotated[str, StringConstraints(max_length=200)] = ""


class BankOut(Schema):
    line_id: int


def only_here() -> None:
    """Refuse everything outside a sandbox, as if there were no such call."""
    if not clock.is_sandbox():
        raise NotFound("sandbox.none", gettext_noop("没有这个地址，只有演示环境才有。"))


@router.post("/sandbox/clock", response={200: ClockOut, **REFUSED},
             operation_id="sandbox_clock", url_name=CLOCK)  # fmt: skip
def move_clock(request: HttpRequest, payload: ClockIn) -> Any:
    """Move the business clock forward; answers when all due work and its news are done."""
    only_here()
    if (payload.advance is None) == (payload.to is None):
        sentence = gettext_noop("advance 与 to 请填一个。")
        raise Invalid("sandbox.clock", sentence, [Problem("advance", "one_of", sentence)])
    if payload.to is not None:
        by = payload.to - clock.now()
    else:
        by = read_duration(payload.advance or "")
    with each_as(SYSTEM):
        clock_actions.advance(actor=SYSTEM, by=by)
        report = work_off()
    return {"now": clock.now(), "ran": report.ran, "failed": report.failed}


@router.get("/sandbox/mail", response={200: Letters, **REFUSED}, operation_id="sandbox_mail")
def letters(request: HttpRequest, query: Query[LetterQuery]) -> Any:
    """The letters that would have been sent, newest first; `to` is an address."""
    only_here()
    rows = mail.mails()
    if query.to:
        rows = rows.filter(recipients__contains=[query.to])
    # Whoever tries a sandbox reads all of its letters.
    with acting(SYSTEM):
        return page(rows, query.page, query.size, lambda letter: letter)


@router.post("/sandbox/accounts", response={201: Accounts, **REFUSED},
             operation_id="sandbox_accounts")  # fmt: skip
def make_accounts(request: HttpRequest, payload: AccountsIn) -> Any:
    """Make accounts with a role, each with a token."""
    only_here()
    return Status(201, {"items": [_account(payload.role) for _ in range(payload.count)]})


def _account(role: Role) -> dict[str, Any]:
    name = f"{role.value}-{secrets.token_hex(5)}"
    organisation_id = _home(role, name)
    made = people.create_user(
        actor=SYSTEM, role=role, name=name, username=name, email=f"{name}@sandbox.example",
        organisation_id=organisation_id, is_demo=True,
    )  # fmt: skip
    person = made.person
    _, token = people.create_token(
        actor=SYSTEM, person_id=person.pk, name="sandbox", organisation_id=organisation_id
    )
    return {
        "user": person.username,
        "password": made.password,
        "organisation_id": organisation_id,
        "token": token,
        "bank_account": bank.number_of(organisation_id),
    }


def _home(role: Role, name: str) -> int:
    """The organisation of a new account."""
    kind = next(k for k, roles in ROLES_OF_KIND.items() if role in roles)
    if role in SHARED:
        running = queries.organisations(kind=kind, state="verified").order_by("id").first()
        if running is not None:
            return int(running.pk)
    called = f"演示{gettext(ORGANISATION_KINDS[kind])} {name}"
    made = people.add_organisation(actor=SYSTEM, kind=kind, values={"name": called}, is_demo=True)
    return int(made.pk)


@router.post("/sandbox/bank", response={201: BankOut, **REFUSED}, operation_id="sandbox_bank",
             url_name=BANK)  # fmt: skip
def move_money(request: HttpRequest, payload: BankIn) -> Any:
    """Let money move at the bank of the sandbox; `line_id` is the line of the house's statement.
    Answers when whoever waits for the money has heard of it."""
    only_here()
    with acting(SYSTEM):
        line = bank.move_money(
            sender=payload.from_account, receiver=payload.to_account, amount=payload.amount_fen,
            reference=payload.reference,
        )  # fmt: skip
    with each_as(SYSTEM):
        deliver_all(LONGEST_NEWS)
    return Status(201, {"line_id": line.pk})
