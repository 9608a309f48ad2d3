"""How much each pupil misses in a year, so that absence and persistent absence are the published ones."""

import math
from random import Random

from demo.generation import facts, randomness
from demo.generation.people import Pupil
from demo.generation.sheets import Sheet

SEVERE_SHARE = 0.0085  # pupils who miss half or more (census of 2023/24, mainstream primary schools: 0.854 %)
SEVERE_FROM, SEVERE_TO = 0.5, 0.72
PERSISTENT_FROM = 0.1
ABOVE_ALL_OTHERS = 100.0  # in standard deviations, as likeliness is

# What raises or lowers a pupil's place among all pupils, in standard deviations of chance.
RAISED_BY_FSM = 0.55
RAISED_BY_SEN = {"N": 0.0, "K": 0.45, "E": 0.7}
RAISED_BY_FLAG = {
    "significant_medical": 1.3,
    "ebsa": 2.2,
    "social_worker": 0.5,
    "young_carer": 0.4,
    "traveller": 0.8,
    "medical": 0.2,
    "looked_after": -0.3,
}
OF_THE_PUPIL, OF_THE_FAMILY, OF_THE_YEAR = 0.7, 0.5, 0.55


def weibull_for(*, mean: float, above: float, share_above: float) -> tuple[float, float]:
    """
    Return shape and scale of the Weibull distribution with this mean and this share above a value.

    Solved by bisection on the shape: above 0.6 and with the share above held, the mean rises with it.
    """
    exceed = -math.log(share_above)

    def scale_of(shape: float) -> float:
        return above / exceed ** (1 / shape)

    low, high = 0.6, 3.0
    for _ in range(60):
        middle = (low + high) / 2
        too_low = scale_of(middle) * math.gamma(1 + 1 / middle) < mean
        low, high = (middle, high) if too_low else (low, middle)
    return low, scale_of(low)


def absence_shares(count: int) -> list[float]:
    """
    Return the shares of possible sessions missed by `count` pupils, least first.

    They are the quantiles of a distribution with the published mean and the published share of pupils at
    or above ten per cent, and a tail of severe absence.
    """
    rates = facts.percentages()
    severe_mean = (SEVERE_FROM + SEVERE_TO) / 2
    others_mean = (rates["overall_absence"] / 100 - SEVERE_SHARE * severe_mean) / (1 - SEVERE_SHARE)
    others_persistent = (rates["pa"] / 100 - SEVERE_SHARE) / (1 - SEVERE_SHARE)
    shape, scale = weibull_for(mean=others_mean, above=PERSISTENT_FROM, share_above=others_persistent)
    shares = []
    for rank in range(count):
        along = (rank + 0.5) / count
        if along >= 1 - SEVERE_SHARE:
            in_tail = (along - (1 - SEVERE_SHARE)) / SEVERE_SHARE
            shares.append(SEVERE_FROM + (SEVERE_TO - SEVERE_FROM) * in_tail)
        else:
            quantile = scale * (-math.log(1 - along / (1 - SEVERE_SHARE))) ** (1 / shape)
            shares.append(min(quantile, SEVERE_FROM - 0.01))
    return shares


def likeliness(pupil: Pupil, academic_year: int, seed: int) -> float:
    """Return where a pupil stands among all for absence: their own, their family's and the year's chance."""
    own = randomness.stream(seed, "likeliness", pupil.upn).gauss(0, OF_THE_PUPIL)
    shared = randomness.stream(seed, "likeliness of family", pupil.family).gauss(0, OF_THE_FAMILY)
    chance = randomness.stream(seed, "likeliness of year", pupil.upn, academic_year).gauss(0, OF_THE_YEAR)
    raised = RAISED_BY_SEN[pupil.sen] + (RAISED_BY_FSM if pupil.fsm else 0.0)
    raised += sum(RAISED_BY_FLAG.get(flag.name, 0.0) for flag in pupil.flags)
    return own + shared + chance + raised


def let_one_stay_away(sheets: list[Sheet]) -> None:
    """Move the likeliest pupil of each school to the top, so that even a small school has severe absence."""
    likeliest: dict[str, Sheet] = {}
    for sheet in sheets:
        best = likeliest.get(sheet.pupil.school_key)
        all_year = sheet.end - sheet.first == len(sheet.codes)
        if all_year and (best is None or sheet.likeliness > best.likeliness):
            likeliest[sheet.pupil.school_key] = sheet
    for sheet in likeliest.values():
        sheet.likeliness += ABOVE_ALL_OTHERS


def set_targets(sheets: list[Sheet], total: int) -> None:
    """Give each sheet its target in sessions, by rank of likeliness; the targets sum to the total."""
    ranked = sorted(sheets, key=lambda sheet: (sheet.likeliness, sheet.pupil.upn))
    for sheet, share in zip(ranked, absence_shares(len(ranked)), strict=True):
        exact = share * sheet.possible
        sheet.target = math.ceil(exact - 0.5)
        if share >= PERSISTENT_FROM:
            sheet.target = max(sheet.target, math.ceil(PERSISTENT_FROM * sheet.possible))
        elif 10 * sheet.target >= sheet.possible:
            sheet.target = (sheet.possible - 1) // 10
    shift_targets(ranked, total - sum(sheet.target for sheet in ranked))


def shift_targets(sheets: list[Sheet], change: int) -> None:
    """
    Raise or lower targets by one session at a time until their sum has changed by so much.

    Pupils near ten per cent are left alone, so that persistent absence stays as drawn; nobody's target falls
    below what is placed already.
    """
    step = 1 if change > 0 else -1
    left = abs(change)
    while left:
        before = left
        for sheet in sheets:
            share = (sheet.target + step) / sheet.possible if sheet.possible else 1.0
            if left and (share < 0.09 or 0.11 < share < 0.6) and sheet.target + step >= max(0, sheet.absent):
                sheet.target += step
                left -= 1
        if left == before:
            return  # a handful of pupils leaves no room; the total stays a little off


def split(total: int, weights: list[float], limits: list[int], rng: Random) -> list[int]:
    """
    Return whole numbers near a common multiple of the weights, none above its limit, that sum to the total.

    Falls short of the total only when the limits together do.
    """
    low, high = 0.0, 1.0
    wanted = min(total, sum(limits))

    def reached(factor: float) -> float:
        return sum(min(limit, factor * weight) for weight, limit in zip(weights, limits, strict=True))

    while reached(high) < wanted - 1e-6 and high < 1e12:
        high *= 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle) < wanted else (low, middle)
    parts = []
    running = rng.random()
    for weight, limit in zip(weights, limits, strict=True):
        running += min(limit, high * weight)
        part = min(limit, int(running))
        running -= part
        parts.append(part)
    _settle(parts, limits, wanted)
    return parts


def _settle(parts: list[int], limits: list[int], wanted: int) -> None:
    difference = wanted - sum(parts)
    while difference:
        before = difference
        for place, limit in enumerate(limits):
            if difference > 0 and parts[place] < limit:
                parts[place] += 1
                difference -= 1
            elif difference < 0 and parts[place] > 0:
                parts[place] -= 1
                difference += 1
        if difference == before:
            return
