"""
What England's schools reached in past years, to set beside a school's own figures.

Source: Department for Education, published data files of its pupil attendance dashboard (daily attendance,
estimates for the whole year; 2025/26 to 10 July 2026). Severe absence is not in these files.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

SOURCE = "Department for Education, daily attendance data, England"

# Phases of schools whose pupils are all of primary age.
PRIMARY_PHASES = frozenset({"primary", "infant", "junior", "lower", "first", "nursery"})
PHASE_NAMES = {
    "primary": "primary schools",
    "secondary": "secondary schools",
    "special": "special schools",
    "all": "all schools",
}


@dataclass(frozen=True)
class NationalRates:
    """England's rates of one year and phase, in per cent: of possible sessions, `persistent` of pupils."""

    academic_year: int
    phase: str
    attendance: str
    authorised: str
    unauthorised: str
    late: str  # codes L and U
    persistent: str

    @property
    def phase_name(self) -> str:
        """Return the phase in words."""
        return PHASE_NAMES[self.phase]

    @property
    def period(self) -> str:
        """Return the year as schools write it, with the last day where the year is not whole."""
        year = f"{self.academic_year}/{(self.academic_year + 1) % 100:02d}"
        return f"{year} to 10 July" if self.academic_year == 2025 else year


def shown(rate: str) -> str:
    """Return a published rate as it is printed: one decimal, rounded as the Department rounds."""
    return f"{Decimal(rate).quantize(Decimal('0.1'), ROUND_HALF_UP)} %"


NATIONAL_RATES: tuple[NationalRates, ...] = (
    NationalRates(2022, "primary", "94.0265", "4.2995", "1.6740", "1.1626", "17.1508"),
    NationalRates(2022, "secondary", "90.6869", "5.7835", "3.5296", "3.0149", "28.3304"),
    NationalRates(2022, "special", "86.9292", "9.9585", "3.1123", "0.9113", "38.7433"),
    NationalRates(2022, "all", "92.4736", "5.0336", "2.4928", "1.9157", "22.3112"),
    NationalRates(2023, "primary", "94.4725", "3.8942", "1.6333", "1.2487", "15.1839"),
    NationalRates(2023, "secondary", "90.9414", "5.4924", "3.5662", "3.2791", "26.7491"),
    NationalRates(2023, "special", "87.0019", "9.7362", "3.2618", "0.9605", "37.5512"),
    NationalRates(2023, "all", "92.7892", "4.7031", "2.5076", "2.1166", "20.6567"),
    NationalRates(2024, "primary", "94.7527", "3.7405", "1.5068", "1.2657", "13.5047"),
    NationalRates(2024, "secondary", "91.4055", "5.2990", "3.2955", "3.1526", "24.3180"),
    NationalRates(2024, "special", "87.1177", "9.5092", "3.3731", "1.0501", "35.7990"),
    NationalRates(2024, "all", "93.1298", "4.5406", "2.3296", "2.0949", "18.6999"),
    NationalRates(2025, "primary", "94.7233", "3.7292", "1.5474", "1.2913", "13.7726"),
    NationalRates(2025, "secondary", "91.5102", "5.2209", "3.2689", "3.0865", "23.7680"),
    NationalRates(2025, "special", "86.8309", "9.5694", "3.5998", "1.0901", "36.0617"),
    NationalRates(2025, "all", "93.1168", "4.5218", "2.3615", "2.0900", "18.7818"),
)


def national_rates(phase: str, *, before: int) -> NationalRates:
    """
    Return the rates of the latest published year before an academic year, for schools of this phase.

    A school whose phase is unknown is set beside all schools.
    """
    known = phase.strip().lower()
    sought = "primary" if known in PRIMARY_PHASES else known if known in PHASE_NAMES else "all"
    published = [rates for rates in NATIONAL_RATES if rates.phase == sought]
    earlier = [rates for rates in published if rates.academic_year < before]
    return max(earlier or published[:1], key=lambda rates: rates.academic_year)
