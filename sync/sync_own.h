/*
 * sync_own -- what branch.c and the files sync*.c share.
 */
#ifndef SYNC_SYNC_OWN_H
#define SYNC_SYNC_OWN_H

#include "sync/finding.h"
#include "sync/repo.h"

struct sync;

#define SYNC_HUB "refs/heads/hub"
#define SYNC_KEYRINGS_MAX 8192

/* Raise a finding about a ref of this hub. */
void sync_finding(struct sync *, enum finding_code, const char *ref,
    uint64_t seq, const char *text);
bool sync_found(const struct sync *, enum finding_code, const char *ref);

fault sync_list(struct sync *) MUST_CHECK;	/* what the hub shows now */
/* Which hub is it, by the commit of its refs/heads/hub? */
fault sync_read_hub(struct sync *, const struct oid *) MUST_CHECK;

/* Read the hub's refs again, and its id if it has got one meanwhile. */
fault sync_relist(struct sync *) MUST_CHECK;

/*
 * Refs are read one after the other while others write.  What one ref names
 * and another lacks may have come in between: so when `once` is in doubt we
 * read the refs again and call it a second time, with s->again set, before
 * anybody says that the hub withholds it.
 */
fault sync_pass(struct sync *, fault (*once)(struct sync *)) MUST_CHECK;

fault sync_fetch_roster(struct sync *) MUST_CHECK;

/* Is it the branch of this device? */
bool sync_own_branch(const struct sync *, const char *ref);
/* May what the hub shows of ref (zeros: nothing) give way to ours? */
fault sync_gives_way(bool *yes, struct sync *, const char *ref,
    const struct oid *shown, const struct oid *ours) MUST_CHECK;

/* Of a list of refs, the keyring with the greatest number; NULL: none. */
const char *sync_newest_keyring(const struct repo_ref *, size_t n);

#endif
