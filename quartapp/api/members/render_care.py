"""Limits and exclusions for JSON."""

from __future__ import annotations

from datetime import datetime

from quartapp.members import exclusions, limits
from quartapp.publish import member_shapes
from quartapp.publish.game import format_time, moment


def shown_limits(held: limits.Held, now: datetime) -> member_shapes.MemberLimits:
    """Return limits for JSON, with the looser ones that can still be confirmed."""
    return {
        "daily_stake_cents": held.limits.daily_stake_cents,
        "weekly_stake_cents": held.limits.weekly_stake_cents,
        "session_minutes": held.limits.session_minutes,
        "parlays_per_day": held.limits.parlays_per_day,
        "pending": {
            name: {
                "value": wish.value,
                "confirm_from": format_time(wish.from_time),
                "confirm_until": format_time(wish.until_time),
            }
            for name, wish in held.pending.items()
            if now < wish.until_time
        },
    }


def shown_exclusion(exclusion: exclusions.Exclusion) -> member_shapes.MemberExclusion:
    """Return an exclusion for JSON."""
    return {"began_at": format_time(exclusion.began_at), "until": moment(exclusion.until)}
