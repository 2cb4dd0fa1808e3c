"""The contract of a deal: its clauses (民法典第八百四十五条), and the check before the contract registry.

The clauses are our own plain wording around the fields of the article; parties fill the fields, the
text follows. What two persons have signed is the digest of the canonical clauses, so nothing can be
put under a signature afterwards.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yangbanjian.kernel.words import gettext_noop as _

# Field -> (what it is called, must it be there for the registry).
FIELDS: Mapping[str, tuple[str, bool]] = {
    "project": (_("项目名称"), True),
    "content": (_("标的的内容、范围和要求"), True),
    "plan": (_("履行的计划、地点和方式"), True),
    "secrecy": (_("技术信息和资料的保密"), True),
    "ownership": (_("技术成果的归属和收益的分配办法"), True),
    "acceptance": (_("验收标准和方法"), True),
    "price": (_("价款和支付方式"), True),
    "patents": (_("专利：名称、申请人和权利人、日期、号码、有效期"), False),
    "breach": (_("违约责任"), False),
    "disputes": (_("争议的解决"), False),
    "terms": (_("名词和术语的解释"), True),
}
# What the parties may word themselves before they sign.
OPEN_FIELDS = ("plan", "secrecy", "ownership", "acceptance", "breach", "disputes", "terms")
LONGEST_FIELD = 4000
# The registry's kinds (技术合同认定登记), by the mode of the deal; an equity deal is registered as
# an assignment.
REGISTRY_KINDS: Mapping[str, tuple[str, str]] = {
    "transfer": ("transfer", _("技术转让")),
    "licence": ("licence", _("技术许可")),
    "equity": ("transfer", _("技术转让")),
    "development": ("development", _("技术开发")),
    "service": ("service", _("技术服务")),
    "consulting": ("consulting", _("技术咨询")),
}
USUAL: Mapping[str, str] = {
    "plan": "卖方在价款按约定到账后三十日内交付技术资料，在买方所在地提供技术指导。",
    "secrecy": "双方对未公开的技术信息和资料保密，直至其合法公开；保密义务不因合同终止而终止。",
    "ownership": "标的成果按本合同约定的方式归属。买方作出的后续改进归买方，双方可以另行约定分享。",
    "acceptance": "以标的所附技术资料齐全、指标与挂牌信息一致为验收标准，双方书面确认。",
    "breach": "买方未按期付款的，按所适用的保证金规则和交易规则处理，并承担由此造成的差价损失。",
    "disputes": "双方协商解决；协商不成的，向标的所在地人民法院起诉。",
    "terms": "本合同用语与挂牌公告一致；没有定义的，按相关国家标准和行业通常含义解释。",
}


@dataclass(frozen=True, slots=True)
class RegistryCheck:
    """The check before filing: kind, total and technical amount in fen, fields that are missing."""

    kind: str
    label: str
    total_fen: int
    technical_fen: int
    missing: tuple[str, ...]


def clauses(fields: Mapping[str, str]) -> list[dict[str, str]]:
    """The clauses in the order of the article; a field left empty has no clause."""
    return [
        {"name": name, "title": label, "text": fields[name]}
        for name, (label, _is_needed) in FIELDS.items()
        if fields.get(name)
    ]


def contract(no: str, fields: Mapping[str, str], parties: Mapping[str, str]) -> dict[str, Any]:
    """The contract as it is kept and signed, with the digest of all the rest."""
    said = {
        "type": "yangbanjian-contract/1", "no": no, "parties": dict(parties),
        "clauses": clauses(fields),
    }  # fmt: skip
    return {**said, "sha256": digest(said)}


def digest(said: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical contract without its digest. Texts and ASCII keys only: the
    standard encoder writes RFC 8785 here."""
    rest = {k: v for k, v in said.items() if k != "sha256"}
    text = json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def patents(rights: Sequence[Mapping[str, Any]]) -> str:
    """The rights of an achievement in one line: name, number, day of filing, expiry of each."""
    told = []
    for right in rights:
        parts = [str(right.get(n) or "") for n in ("title", "number", "filed_on", "expires_on")]
        told.append("，".join(p for p in parts if p))
    return "；".join(t for t in told if t)


def check_for_registry(
    deal_mode: str, fields: Mapping[str, str], total_fen: int, other_fen: int = 0
) -> RegistryCheck:
    """技术交易额 = total − what is not technical (equipment, parts, raw materials bought); both
    stand in the contract. Raises ValueError where that is more than the total."""
    if not 0 <= other_fen <= total_fen:
        raise ValueError("what is not technical is a part of the total")
    code, label = REGISTRY_KINDS[deal_mode.partition("_")[0]]
    lacks = [n for n, (_label, is_needed) in FIELDS.items() if is_needed and not fields.get(n)]
    return RegistryCheck(code, label, total_fen, total_fen - other_fen, tuple(lacks))
