"""The words of Interactive Brokers' activity statements: columns, sections and categories, in five languages."""

from __future__ import annotations

import re

from rebalance_kit.holdings.statements.securities import Kind
from rebalance_kit.textfile.table import Layout
from rebalance_kit.words import Text

POSITIONS = Layout(
    fields={
        "what": ("DataDiscriminator",),
        "symbol": ("Symbol", "Symbole", "Símbolo", "Simbolo"),
        "quantity": ("Quantity", "Position", "Menge", "Quantité", "Cantidad", "Quantità"),
        "currency": ("Currency", "Währung", "Devise", "Divisa", "Valuta"),
        "category": ("Asset Category", "Asset Class", "Anlagekategorie", "Vermögenswertkategorie", "Catégorie d'actif",
                     "Categoría de activo", "Categoria di asset", "Categoria asset"),
        "account": ("Account", "Konto", "Compte", "Cuenta", "Conto"),
        "open": ("Open", "Date/Time", "Open Date/Time"),
        "cost": ("Cost Basis", "Cost Basis Money", "Einstandswert", "Kostenbasis", "Base de coût", "Base de coste",
                 "Base di costo"),
        "price": ("Close Price", "Mark Price", "Schlusskurs", "Cours de clôture", "Precio de cierre",
                  "Prezzo di chiusura"),
        "value": ("Value", "Position Value", "Wert", "Valeur", "Valor", "Valore"),
    },
    required=("what", "symbol", "quantity", "currency"),
    numbers=frozenset({"quantity", "cost", "price", "value"}),
    wanted=Text("Interactive Brokers' activity statement (CSV)", "인터랙티브 브로커스 활동 명세서(CSV)"),
)  # fmt: skip
_SHARES = re.compile(r"stocks?|etfs?|funds?|mutual funds?|aktien|fonds|actions|acciones|fondos|azioni|fondi|crypto.*",
                     re.IGNORECASE)  # fmt: skip
_OPTIONS = re.compile(r"option|opcion|opzion", re.IGNORECASE)
_BONDS = re.compile(r"bond|bill|anleihe|obligation|bono|obbligaz", re.IGNORECASE)
ACCOUNT_SECTIONS = ("account information", "kontoinformationen", "informations sur le compte",
                     "información de la cuenta", "informazioni sul conto")  # fmt: skip
ACCOUNT_FIELDS = {
    **dict.fromkeys(("account", "konto", "compte", "cuenta", "conto"), "account"),
    **dict.fromkeys(("base currency", "basiswährung", "devise de base", "divisa base", "valuta base"), "base"),
    **dict.fromkeys(("customer type", "account type"), "kind"),
}
ACCOUNT_NUMBER = re.compile(r"[A-Z]{1,3}[0-9*]{4,}")
OPENED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(, [0-9]{2}:[0-9]{2}:[0-9]{2})?")


def looks_open(section: str) -> bool:
    """Whether a section, by its name in small letters, is that of the open positions."""
    words = ("open positions", "offene positionen", "positions ouvertes", "posiciones abiertas", "posizioni aperte")
    return section.endswith(words)


def left_out(category: str) -> Kind | None:
    """What a category of assets is when it is none of shares and funds."""
    if not category or _SHARES.fullmatch(category):
        return None
    if _OPTIONS.search(category):
        return Kind.OPTION
    return Kind.BOND if _BONDS.search(category) else Kind.OTHER
