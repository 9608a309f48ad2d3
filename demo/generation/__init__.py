"""The invented trust: a pure, seeded generator. No ORM, clock or settings anywhere below this package."""
