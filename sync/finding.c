#include "sync/finding.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[FIND_COUNT] = {
	[FIND_HOSTILE_HUB] = "hostile-hub",
	[FIND_OVERSIZED] = "oversized",
	[FIND_FOREIGN_PATH] = "foreign-path",
	[FIND_WRONG_PROJECT] = "wrong-project",
	[FIND_CORRUPT] = "corrupt",
	[FIND_NOT_A_MEMBER] = "not-a-member",
	[FIND_BAD_SIGNATURE] = "bad-signature",
	[FIND_REPLAYED] = "replayed",
	[FIND_FORK] = "fork",
	[FIND_GAP] = "gap",
	[FIND_AFTER_CUT] = "after-cut",
	[FIND_ROLLBACK] = "rollback",
	[FIND_WITHHELD] = "withheld",
	[FIND_CLONE] = "clone",
	[FIND_CLOCK] = "clock",
	[FIND_STALE] = "stale",
};

const char *
finding_name(enum finding_code code)
{
	return names[code];
}

bool
finding_parse(enum finding_code *out, const char *name)
{
	for (int i = 0; i < FIND_COUNT; i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (enum finding_code)i;
			return true;
		}
	return false;
}

bool
finding_same(const struct finding *a, const struct finding *b)
{
	return a->code == b->code && strcmp(a->hub, b->hub) == 0 &&
	    strcmp(a->ref, b->ref) == 0 && id_eq(&a->device, &b->device) &&
	    a->seq == b->seq;
}

void
findings_add(struct findings *fs, const struct finding *one)
{
	struct finding copy = *one;	/* one may lie in the list that grows */

	for (size_t i = 0; i < fs->n; i++)
		if (finding_same(&fs->at[i], one))
			return;
	fs->at = mem_grow(fs->at, (fs->n + 1) * sizeof *fs->at);
	fs->at[fs->n++] = copy;
}

void
findings_free(struct findings *fs)
{
	free(fs->at);
	*fs = (struct findings)FINDINGS_EMPTY;
}
