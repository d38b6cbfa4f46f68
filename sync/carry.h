/*
 * carry -- a hub: somewhere that other devices reach too.
 *
 * Today a folder: a stick, a share.  Ssh, https and bundles come behind this
 * same header.  A hub is hostile until shown otherwise: it is inspected
 * before it is opened, what it gives is bounded, and nothing in it is run.
 */
#ifndef SYNC_CARRY_H
#define SYNC_CARRY_H

#include "sync/finding.h"
#include "sync/repo.h"

struct carry;

struct push {			/* one ref that should move on the hub */
	char		ref[REF_MAX];
	struct oid	old;		/* zeros: it must not exist there */
	struct oid	new;		/* zeros: delete it */
	fault		result;		/* NULL; FAULT_RACE: it was not at old;
					   FAULT_ABSENT: we lack a part of it */
};

/*
 * Make an empty hub (its parent folder must be there); one that is a hub
 * already is left alone.  FAULT_INVALID if dir holds something else.
 */
fault hub_create(const char *dir) MUST_CHECK;

/*
 * Open by address: a path, or file://path.  FAULT_HUB if it is not there or
 * cannot be read (a stick that is not in), FAULT_TRUST with the reason in
 * its text if the folder is not what the pre-flight allows (hostile-hub),
 * FAULT_USAGE for an address of a kind that this version does not carry.
 * locks: a file of this device where it notes the lock files that it holds on
 * hubs, so that its next run removes what a kill left (NULL: none).
 */
fault carry_open(struct carry **, const char *url, const char *locks)
    MUST_CHECK;
void carry_close(struct carry *);
const char *carry_url(const struct carry *);

/*
 * The refs below refs/heads/ whose names are ours, sorted; others are
 * counted in *foreign.  More than 512 (old keyrings not counted): FAULT_FORMAT.
 */
fault carry_refs(struct repo_ref **, size_t *n, size_t *foreign,
    struct carry *) MUST_CHECK;

/*
 * Bring into `into` the commits of ref from want back to have (zeros: to the
 * start), each with its tree and blobs, along the ref's own line (main: the
 * previous main; its other parents are not followed).  At most the oldest
 * 10,000 commits and 64 MiB (R9): carry_reached says how far it came, and the
 * caller, who has verified that, fetches on from there.  FAULT_FORMAT for a
 * line or object beyond all bounds, or if the hub lacks or damaged a part.
 * Objects already there are skipped.  Nothing is trusted yet (a commit or tree
 * of another form comes as it is): the caller verifies, then moves refs.
 * FAULT_HUB if the hub went away meanwhile.
 */
fault carry_fetch(struct carry *, struct repo *into, const char *ref,
    const struct oid *have, const struct oid *want) MUST_CHECK;
/* The newest commit that the last carry_fetch brought; want: that was all. */
const struct oid *carry_reached(const struct carry *);
/* Other bounds of one part than WIRE_SEQ_STEP and WIRE_FETCH_MAX. */
void carry_bound(struct carry *, size_t commits, uint64_t bytes);
/* After a FAULT_FORMAT of carry_fetch: FIND_OVERSIZED or FIND_CORRUPT. */
enum finding_code carry_why(const struct carry *);

/* Does the hub hold this object?  One look, for a ref that shows it. */
bool carry_has(struct carry *, const struct oid *);

/* From now on pushes look for what the hub lacks all the way back. */
void carry_thorough(struct carry *);

/*
 * All that is new in few packs, synced; then each ref by compare and swap,
 * in the order given.  A push that lost its race says so in result; the
 * others go on.  FAULT_HUB if the hub cannot be written (read-only, full):
 * refs moved before stay moved.
 */
fault carry_push(struct carry *, struct repo *from, struct push *, size_t n)
    MUST_CHECK;

#endif
