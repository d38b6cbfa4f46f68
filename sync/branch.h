/*
 * branch -- one ref of a hub against what we hold of it: fetch what is new,
 * verify, and only then move our head and the hub's pin.
 */
#ifndef SYNC_BRANCH_H
#define SYNC_BRANCH_H

#include "sync/sync.h"

struct branch {
	struct sync	*sync;
	const char	*ref;
	const uint8_t	*own_pk;	/* of our own branch: its only key */
	fault		(*each)(void *arg, const struct chain_step *);
	void		*arg;
	/* out */
	struct oid	shown, pin, local;	/* zeros: none */
	struct oid	part;		/* so far what is shown was brought */
	enum chain_side	side;		/* of what is shown, against local */
	bool		moved;		/* our head moved to what it showed */
	bool		second;		/* another took up its invitation too */
};

/* sync, ref and what is to be called are set; the rest is filled in. */
fault branch_follow(struct branch *) MUST_CHECK;

/* What this hub has shown of ref before; zeros: nothing, or it has no id. */
fault branch_pin(struct oid *, struct sync *, const char *ref) MUST_CHECK;
/* The hub holds `to`, which is verified. */
fault branch_pinned(struct sync *, const char *ref, const struct oid *to)
    MUST_CHECK;
/* Number of a commit that we hold; 0: none. */
fault branch_seq(uint64_t *, struct sync *, const struct oid *) MUST_CHECK;

#endif
