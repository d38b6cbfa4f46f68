/*
 * world -- one simulated run: devices, hubs, and what is true of them.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <sodium.h>

#include "fieldkit/exchange.h"
#include "fieldkit/pack.h"
#include "tests/sim/model.h"
#include "tests/sim/port.h"

#define SAVED_REFS 12

enum act {
	ACT_ADD, ACT_EDIT, ACT_SET, ACT_WITHDRAW, ACT_RESOLVE, ACT_SEAL,
	ACT_SYNC, ACT_MERGE, ACT_LOCK, ACT_REBUILD, ACT_COUNT
};

struct device {
	char		path[8];	/* "d0" */
	struct home	home;
	bool		open, locked;
	int64_t		skew;		/* of its clock, ms */
	uint8_t		*master;	/* locked memory, of the whole run */
	struct repo_ref	*pins;		/* refs/pins/ and refs/heads/, as */
	size_t		npins;		/* they were after its last step */
	bool		waits;		/* killed in its last step */
};

/* What a hub may do to deserve which alarm: a bit per finding code. */
#define MAY(code) (1u << (code))

struct old_refs {		/* a hub's refs as they were once */
	struct repo_ref	*at;
	size_t		n;
};

struct hub {
	char		url[8];		/* "h0": where devices look */
	int		views;		/* folders "h0.0", "h0.1": 2 while forked */
	int		view_of[DEVICES];
	bool		away;		/* the stick is not in */
	unsigned	may;		/* alarms that it has deserved so far */
	struct old_refs	old[SAVED_REFS];
	size_t		nold;
	char		broken[160];	/* a damaged file; its copy is "broken.<k>" */
};

struct world {
	uint64_t	seed;
	bool		verbose;
	struct dice	dice;
	unsigned	step;
	uint64_t	now;		/* ms */
	struct device	devices[DEVICES];
	struct hub	hubs[HUBS];
	struct model	model;
	struct pack	*pack;
	struct outcome	*out;		/* shared with children */
	bool		clocks;		/* some clock was set wrong */
	bool		cut;		/* somebody was cut off */
	/* A digest for each knowledge that was seen. */
	struct known_digest {
		struct hash	knowledge, digest;
	} *digests;
	size_t		ndigests;
	crypto_generichash_state trace;
	struct hash	traced;		/* set by world_end */
	char		wrong[400];	/* "": nothing, so far */
	/* What happened, for the report. */
	struct tally {
		unsigned	steps, saves, syncs, merges, crashes, lies;
		unsigned	alarms, expected, rounds, audits, fscks;
	} tally;
};

/* What one step of a device came to; survives the death of who did it. */
struct outcome {
	bool		finished;
	bool		acked;		/* a change was saved and this was said */
	uint64_t	n;
	bool		closed;
	struct hash	body;
};

/* Put down what must not be.  The first counts. */
void wrong(struct world *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A line of the story: hashed, and printed if verbose. */
void trace(struct world *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Masters of the image's devices; once per process. */
fault world_masters(uint8_t *masters[DEVICES]) MUST_CHECK;
/* Copies of the image in the current folder. */
fault world_begin(struct world *, uint64_t seed, uint8_t *masters[DEVICES])
    MUST_CHECK;
/* Everything closed and removed. */
void world_end(struct world *);

/*
 * One act, judged; returns what a sync or merge came to.  Findings are added
 * to keep (NULL: nobody asks).
 */
fault world_act(struct world *, int d, enum act, int hub,
    struct findings *keep);

/* steps of chance, then honesty; what was wrong is in w->wrong. */
void world_run(struct world *, unsigned steps, bool lies);
/* All must agree within `rounds` once hubs are honest. */
void world_converge(struct world *, unsigned rounds);

#endif
