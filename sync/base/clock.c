#include "sync/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define COUNTER_BITS 16
#define MS_MAX ((UINT64_C(1) << 48) - 1)

/* Process-wide on purpose: tests own the time of the whole program. */
static uint64_t pinned;

void
clock_set(uint64_t ms)
{
	pinned = ms;
}

uint64_t
clock_wall_ms(void)
{
	const char *set = getenv("FIELDKIT_CLOCK");
	struct timespec ts;

	if (pinned != 0)
		return pinned;
	if (set != NULL && *set != '\0')
		return strtoull(set, NULL, 10) & MS_MAX;
	clock_gettime(CLOCK_REALTIME, &ts);
	if (ts.tv_sec < 0)
		return 0;
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000) &
	    MS_MAX;
}

uint64_t
hlc_next(uint64_t last, uint64_t wall_ms)
{
	uint64_t wall = (wall_ms & MS_MAX) << COUNTER_BITS;

	return wall > last ? wall : last + (last != UINT64_MAX);
}

uint64_t
hlc_seen(uint64_t last, uint64_t other, uint64_t wall_ms)
{
	uint64_t limit = ((wall_ms + CLOCK_AHEAD_MS) & MS_MAX) << COUNTER_BITS;

	if (other > limit)
		other = limit;
	return other > last ? other : last;
}

uint64_t
hlc_ms(uint64_t hlc)
{
	return hlc >> COUNTER_BITS;
}

void
clock_text(char to[32], uint64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year > 9999 - 1900) {
		snprintf(to, 32, "9999-12-31T23:59:59Z");
		return;
	}
	strftime(to, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
