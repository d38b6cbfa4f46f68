/*
 * publish -- outstanding changes into signed commits on our own branch.
 */
#ifndef SYNC_PUBLISH_H
#define SYNC_PUBLISH_H

#include "sync/segment.h"
#include "sync/site.h"

struct publish {
	const struct change *const *changes;	/* in the order to be sent */
	size_t		nchanges;
	const struct receipt *receipts;
	size_t		nreceipts;
	const struct join *join;	/* a joiner's first commit; else NULL */
	bool		box;		/* announce the signer's box key */
	uint32_t	epoch;		/* attest up to; 0: nothing to attest */
	/*
	 * Called after each commit is durable: changes first..first+n-1 are
	 * carried by seq.  A fault stops publishing; what is done stays.
	 */
	fault		(*done)(void *arg, uint64_t seq, size_t first,
			    size_t n);
	void		*arg;
};

/*
 * Seal and commit all, in as many commits as it takes; *commits counts them.
 * Nothing to do and nothing to announce makes none.  A kill between any two
 * steps leaves a chain that is whole.
 */
fault publish(struct site *, const struct publish *, const struct signer *,
    size_t *commits) MUST_CHECK;

#endif
