/*
 * model -- what is true in a simulated world, in the plainest terms: which
 * changes were made, who knows which, and which commits were ever signed.
 *
 * It is told what devices did and never asks the program what should be.  A
 * chain is a ref's line of commits: one per device, then roster and main.
 */
#ifndef TESTS_SIM_MODEL_H
#define TESTS_SIM_MODEL_H

#include "sync/base/id.h"
#include "sync/ref.h"
#include "tests/sim/image.h"

#define CHANGES_MAX 600		/* of a device */
#define COMMITS_MAX 8192	/* a power of two */
#define CHAIN_ROSTER DEVICES
#define CHAIN_MAIN (DEVICES + 1)
#define CHAINS (DEVICES + 2)

struct made {			/* a change */
	bool		there;
	bool		acked;		/* its author was told: saved */
	bool		closed;		/* part of it only few can read */
	struct hash	body;
};

struct signed_commit {
	struct oid	oid;		/* zeros: a free place */
	int		chain;
	uint64_t	seq;
};

struct model {
	struct id	device[DEVICES];
	struct made	made[DEVICES][CHANGES_MAX];
	uint64_t	top[DEVICES];	/* greatest n */
	bool		knows[DEVICES][DEVICES][CHANGES_MAX];
	struct signed_commit commits[COMMITS_MAX];
	uint64_t	head[CHAINS];	/* greatest seq ever signed */
	size_t		ncommits;
};

/* Which device this is; -1: nobody of ours. */
int model_device(const struct model *, const struct id *);
/* Which chain a ref belongs to; -1: none. */
int model_chain(const struct model *, const char *ref);
void model_ref(char to[REF_MAX], const struct model *, int chain);

/* NULL if it was never signed here. */
const struct signed_commit *model_commit(const struct model *,
    const struct oid *);
/* False if there is no room, or it stands there as another already. */
bool model_sign(struct model *, const struct oid *, int chain, uint64_t seq);
/* The commit of a chain at seq; zeros: none. */
struct oid model_at(const struct model *, int chain, uint64_t seq);

/* A hash of all that device d knows. */
struct hash model_knowledge(const struct model *, int d);
/* How many changes were acknowledged that d does not know. */
unsigned model_lacks(const struct model *, int d);

#endif
