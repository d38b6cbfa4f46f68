/*
 * finding -- something that a verifier must tell a person: an alarm, a line
 * of an audit.  The codes and their order are the command line's contract.
 */
#ifndef SYNC_FINDING_H
#define SYNC_FINDING_H

#include "sync/base/id.h"

enum finding_code {		/* looked for in this order */
	FIND_HOSTILE_HUB, FIND_OVERSIZED, FIND_FOREIGN_PATH,
	FIND_WRONG_PROJECT, FIND_CORRUPT, FIND_NOT_A_MEMBER,
	FIND_BAD_SIGNATURE, FIND_REPLAYED, FIND_FORK, FIND_GAP,
	FIND_AFTER_CUT, FIND_ROLLBACK, FIND_WITHHELD, FIND_CLONE,
	FIND_CLOCK, FIND_STALE,
	FIND_COUNT
};

struct finding {
	enum finding_code code;
	char		hub[512];	/* its address; "" when none */
	char		ref[128];
	struct id	device;		/* zeros when none */
	uint64_t	seq;
	char		text[300];
};

struct findings {
	struct finding	*at;
	size_t		n;
};

#define FINDINGS_EMPTY { NULL, 0 }

const char *finding_name(enum finding_code);	/* "bad-signature" */
bool finding_parse(enum finding_code *, const char *name);
/* Two are the same when code, hub, ref, device and seq are. */
bool finding_same(const struct finding *, const struct finding *);
/* Copies; one that is there already is not added again. */
void findings_add(struct findings *, const struct finding *);
void findings_free(struct findings *);

#endif
