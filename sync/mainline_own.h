/*
 * mainline_own -- what mainline.c, mainline_verify.c and mainline_merge.c
 * share: main's tree as a list, and the state that its accept lines make.
 */
#ifndef SYNC_MAINLINE_OWN_H
#define SYNC_MAINLINE_OWN_H

#include "sync/site.h"

struct accepted;
struct mainline;

struct leaves {			/* main's tree, sorted by name */
	struct tree_entry *at;
	size_t		n;
};

/* Of a main commit's tree.  FAULT_FORMAT if it holds what main never has. */
fault leaves_read(struct leaves *, struct site *, const struct oid *tree)
    MUST_CHECK;
void leaves_set(struct leaves *, const struct tree_entry *);
bool leaves_eq(const struct leaves *, const struct leaves *);
void leaves_free(struct leaves *);

/* The one entry of a device's commit. */
fault leaf_of(struct tree_entry *, struct site *, const struct commit *)
    MUST_CHECK;

/* NULL: nothing of it was accepted yet. */
const struct accepted *mainline_find(const struct mainline *,
    const struct id *device);
void mainline_set(struct mainline *, const struct accepted *);

/* The i-th accept line with its parent. */
struct accepted mainline_accept(const struct commit *, size_t i);

/* Admitted by entry `at` or an earlier one? */
bool mainline_admitted(const struct member *, uint64_t at);

#endif
