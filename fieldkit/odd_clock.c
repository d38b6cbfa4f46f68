#include "fieldkit/odd_clock.h"

#include <stdio.h>
#include <string.h>

#include "sync/base/clock.h"
#include "sync/base/lang.h"
#include "sync/ref.h"

#define DAY_MS (UINT64_C(86400) * 1000)
/* An invitation lives for at most 90 days; a clock may be somewhat off. */
#define BEFORE_EXPIRY_MS (400 * DAY_MS)

static bool
odd(const struct member *m, uint64_t ms, uint64_t wall)
{
	/* The project's first device has no invitation. */
	return ms > wall + DAY_MS ||
	    (m->expires != 0 && ms + BEFORE_EXPIRY_MS < m->expires * 1000);
}

void
odd_clock_find(struct findings *to, const struct member *m,
    const struct segment *s)
{
	struct finding x = { .code = FIND_CLOCK, .device = m->device };
	uint64_t wall = clock_wall_ms();
	char when[32], here[32];

	for (size_t i = 0; i < s->nchanges; i++) {
		uint64_t ms = hlc_ms(s->changes[i].clock);

		if (!odd(m, ms, wall))
			continue;
		clock_text(when, ms);
		clock_text(here, wall);
		ref_device(x.ref, &m->device);
		snprintf(x.text, sizeof x.text, say("a change of this device "
		    "bears the time %s; here it is %s; one of the two clocks "
		    "is wrong; nothing was refused for it"), when, here);
		findings_add(to, &x);
		return;
	}
}

void
odd_clock_text(char to[32], uint64_t hlc)
{
	uint64_t ms = hlc_ms(hlc);

	clock_text(to, ms);
	if (ms > clock_wall_ms() + CLOCK_AHEAD_MS)
		snprintf(to + strlen(to), 2, "?");
}
