#include "sync/cut.h"

#include <stdio.h>

#include "sync/chain.h"
#include "sync/pins.h"

#define BEYOND_MAIN "refs/beyond/main"

void
cut_ref(char to[REF_MAX], const struct id *device)
{
	char hex[ID_HEX];

	snprintf(to, REF_MAX, "refs/beyond/%s", id_hex(hex, device));
}

bool
cut_ends(const struct member *m)
{
	return m != NULL && roster_ends(m);
}

/* Head of a ref that may not be there: seq 0. */
static fault
head_of(struct oid *oid, uint64_t *seq, struct site *s, const char *ref)
{
	struct commit c;
	fault f = ref_get(oid, s->repo, ref);

	*seq = 0;
	if (f != NULL || oid_zero(oid))
		return f;
	if ((f = site_commit(&c, s, oid)) == NULL)
		*seq = c.seq;
	return f;
}

static fault
keep(struct site *s, const char *ref, const struct oid *oid)
{
	struct oid had;
	struct commit c;
	uint64_t seq;
	fault f;

	if ((f = head_of(&had, &seq, s, ref)) != NULL ||
	    (f = site_commit(&c, s, oid)) != NULL || c.seq <= seq)
		return f;
	return ref_put(s->repo, ref, &had, oid);
}

fault
cut_keep(struct site *s, const struct id *device, const struct oid *oid)
{
	char ref[REF_MAX];

	cut_ref(ref, device);
	return keep(s, ref, oid);
}

/* ref goes back to seq; seq 0: it goes. */
static fault
back_to(struct site *s, const char *ref, const struct oid *head, uint64_t seq)
{
	struct oid to;
	fault f;

	if (seq == 0)
		return repo_ref_delete(s->repo, ref);
	if ((f = chain_at(&to, s, head, seq)) != NULL)
		return f;
	return ref_put(s->repo, ref, head, &to);
}

static fault
apply_device(struct site *s, const struct member *m)
{
	char ref[REF_MAX];
	struct oid head;
	uint64_t seq;
	fault f;

	ref_device(ref, &m->device);
	if ((f = head_of(&head, &seq, s, ref)) != NULL || seq <= m->cut_seq)
		return f;
	if ((f = cut_keep(s, &m->device, &head)) != NULL)
		return f;
	return back_to(s, ref, &head, m->cut_seq);
}

/* Who signed it, if that is a coordinator cut before this place of main. */
static bool
beyond_main(const struct site *s, const struct commit *c)
{
	for (size_t i = 0; i < s->roster->nmembers; i++) {
		const struct member *m = &s->roster->members[i];

		if (m->coordinates_at != 0 && c->seq != m->cut_main_seq &&
		    !roster_main_counts(m, c->seq, c->roster_seq) &&
		    bytes_eq((struct bytes){ m->sign_pk, SIGN_PK },
		    (struct bytes){ c->pk, SIGN_PK }))
			return true;
	}
	return false;
}

/* main ends before the first merge that its signer was cut before. */
static fault
apply_main(struct site *s)
{
	struct oid head, at;
	struct commit c;
	uint64_t seq, good, least = UINT64_MAX;
	fault f = head_of(&head, &seq, s, SITE_MAIN);

	for (size_t i = 0; i < s->roster->nmembers; i++)
		if (s->roster->members[i].cut_at != 0 &&
		    s->roster->members[i].coordinates_at != 0 &&
		    s->roster->members[i].cut_main_seq < least)
			least = s->roster->members[i].cut_main_seq;
	if (f != NULL || seq == 0 || least == UINT64_MAX)
		return f;
	good = seq;
	at = head;
	do {
		if ((f = site_commit(&c, s, &at)) != NULL)
			return f;
		if (beyond_main(s, &c))
			good = c.seq - 1;
	} while (c.seq > least && site_before(&at, &c));
	if (good == seq)
		return NULL;
	if ((f = keep(s, BEYOND_MAIN, &head)) != NULL)
		return f;
	return back_to(s, SITE_MAIN, &head, good);
}

fault
cut_apply(struct site *s)
{
	fault f = NULL;

	/* Our own goes to the hub as it is: a coordinator may adopt from it. */
	for (size_t i = 0; f == NULL && i < s->roster->nmembers; i++)
		if (cut_ends(&s->roster->members[i]) &&
		    !id_eq(&s->roster->members[i].device, &s->self))
			f = apply_device(s, &s->roster->members[i]);
	return f != NULL ? f : apply_main(s);
}
