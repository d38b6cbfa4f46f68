/*
 * hub -- a folder that devices meet in, and the lies that it can tell.
 *
 * A hub's folder "h0" is really "h0.0", and "h0.1" too while it shows
 * different devices different things; the one that a device sees is given
 * the hub's name while it looks.
 */
#ifndef TESTS_SIM_HUB_H
#define TESTS_SIM_HUB_H

#include "tests/sim/world.h"

enum lie {
	LIE_ROLLBACK, LIE_ROSTER, LIE_BOTH, LIE_FORK, LIE_NEWEST, LIE_SWAP,
	LIE_FOREIGN, LIE_TRUNCATE, LIE_FLIP, LIE_DELETE, LIE_UNKNOWN,
	LIE_AWAY, LIE_LOCK, LIE_COUNT
};
extern const char *const lie_names[LIE_COUNT];

/* The folder behind one of its views. */
void hub_view(char to[32], const struct hub *, int view);
fault hub_begin(struct world *, int hub) MUST_CHECK;
void hub_end(struct hub *);
/* Give the folder that d sees the hub's name, and take it away again. */
fault hub_show(struct hub *, int d) MUST_CHECK;
fault hub_hide(struct hub *, int d) MUST_CHECK;
/* Remember its refs as they are; what they are today may be shown again. */
fault hub_remember(struct hub *) MUST_CHECK;

/* Nothing if there is nothing to lie about. */
fault hub_lie(struct world *, int hub, enum lie) MUST_CHECK;
/*
 * From now on it shows what was pushed to it: the damaged file is put back,
 * what it invented is taken away, one folder remains.
 */
fault hub_honest(struct world *, int hub) MUST_CHECK;

/* Its refs (of the folder that all see now, or of view 0). */
fault hub_refs(struct repo_ref **, size_t *n, const char *dir) MUST_CHECK;
/* Put a ref there by hand; zeros: delete it. */
fault hub_put(const char *dir, const char *ref, const struct oid *)
    MUST_CHECK;
/* Other bytes into a file that is there. */
fault hub_rewrite(const char *path, struct bytes) MUST_CHECK;
/* A commit of another repository with all that it names, and the ref. */
fault hub_plant(struct repo *from, const char *dir, const char *ref,
    const struct oid *) MUST_CHECK;

#endif
