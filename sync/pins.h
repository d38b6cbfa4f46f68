/*
 * pins -- what each hub has shown us and we have verified, as
 * refs/pins/<hub id>/heads/...  A pin never goes back.
 */
#ifndef SYNC_PINS_H
#define SYNC_PINS_H

#include "sync/repo.h"

/* The pin's name for what hub shows as ref ("refs/heads/..."). */
void pin_name(char to[REF_MAX], const struct id *hub, const char *ref);

/* Zeros if there is none. */
fault pin_get(struct oid *, struct repo *, const struct id *hub,
    const char *ref) MUST_CHECK;
/* To a position that is verified and not before the pin's. */
fault pin_move(struct repo *, const struct id *hub, const char *ref,
    const struct oid *to) MUST_CHECK;

/* The pins of one ref on every hub; the caller frees. */
fault pin_all(struct repo_ref **, size_t *n, struct repo *, const char *ref)
    MUST_CHECK;
/* Every pin, sorted by hub, then ref; the caller frees. */
fault pin_list(struct repo_ref **, size_t *n, struct repo *) MUST_CHECK;
/* Hub and ref of a pin's name; false if it is not one. */
bool pin_parse(struct id *hub, char ref[REF_MAX], const char *name);

/*
 * The name of the ref that says: an audit found that this hub has lost
 * objects.  Whoever syncs with it next gives all that it lacks.
 */
void lost_name(char to[REF_MAX], const struct id *hub);

/* Any ref of the repository; zeros if there is none. */
fault ref_get(struct oid *, struct repo *, const char *name) MUST_CHECK;
/* From what it was (zeros: nothing) to another, by compare and swap. */
fault ref_put(struct repo *, const char *name, const struct oid *old,
    const struct oid *to) MUST_CHECK;

#endif
