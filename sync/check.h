/*
 * check -- what is to be verified of a ref, and how far it held.
 */
#ifndef SYNC_CHECK_H
#define SYNC_CHECK_H

#include "sync/finding.h"
#include "sync/ref.h"

struct chain_check {
	const char	*ref;
	struct oid	from;		/* verified before; zeros: the start */
	struct oid	to;		/* what the hub shows */
	const char	*hub;		/* its address, for findings */
	bool		drafts;		/* ours after `from` are: no fork */
	bool		beyond;		/* a cut does not stop it: to keep
					 * apart what lies there */
	size_t		steps;		/* out: how many were verified */
	struct oid	good;		/* out: newest verified, or `from` */
	uint64_t	good_seq;	/* out */
	bool		pending;	/* out: a joiner, not admitted yet */
	bool		cut;		/* out: stopped at the device's cut */
	bool		twice;		/* out: its invitation was used twice */
	/*
	 * Out: it stopped, without a finding, because it names a roster entry
	 * or an accepted commit that we do not hold: fetch that and come
	 * again, or it is `withheld`.
	 */
	bool		ahead;
};

/* The finding with what it is about filled in; text is the caller's. */
struct finding chain_finding(enum finding_code, const char *hub,
    const char *ref, uint64_t seq);

#endif
