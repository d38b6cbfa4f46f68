#include "sync/check.h"

#include <stdio.h>

struct finding
chain_finding(enum finding_code code, const char *hub, const char *ref,
    uint64_t seq)
{
	struct finding x = { .code = code, .seq = seq };

	snprintf(x.hub, sizeof x.hub, "%s", hub == NULL ? "" : hub);
	snprintf(x.ref, sizeof x.ref, "%s", ref);
	ref_kind(ref, &x.device, NULL);
	return x;
}
