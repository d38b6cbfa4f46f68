/*
 * audit -- verify a whole history from a hub's own objects, by whoever has
 * the genesis hash; needs no membership and opens nothing.
 */
#ifndef SYNC_AUDIT_H
#define SYNC_AUDIT_H

#include "sync/carry.h"
#include "sync/chain.h"

struct audit_head {		/* how far a verified ref reaches */
	char		ref[REF_MAX];
	uint64_t	seq;
};

struct audit {
	size_t		commits, segments, devices;
	uint64_t	main_seq;
	struct oid	main;
	struct id	hub;		/* zeros: it has none */
	struct audit_head *heads;
	size_t		nheads;
	struct findings	findings;
	struct buf	signers;	/* allowed signers, all devices ever */
};

/*
 * Copy everything that the hub shows into an empty repository at scratch
 * (made and removed here), then verify: roster from genesis, device chains,
 * keyrings, main.  A fault only if the hub cannot be read; what is wrong is
 * in findings.
 */
fault audit(struct audit *, const char *url, const struct hash *genesis,
    const char *scratch) MUST_CHECK;
void audit_free(struct audit *);

#endif
