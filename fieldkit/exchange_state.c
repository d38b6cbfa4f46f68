/*
 * exchange_state -- how far each change has come: saved, sealed, delivered,
 * accepted; and in which commit.
 */
#include "fieldkit/exchange_own.h"

#include <stdlib.h>

fault
exchange_main(struct home *h, struct oid *oid)
{
	fault f = repo_ref(oid, h->site.repo, "refs/heads/main");

	if (f != NULL && f->code == FAULT_ABSENT) {
		*oid = (struct oid){ { 0 } };
		return NULL;
	}
	return f;
}

const char *
state_name(enum state s)
{
	static const char *const names[] = { "saved", "sealed", "delivered",
	    "accepted" };

	return names[s];
}

void
progress_free(struct progress *p)
{
	free(p->at);
	*p = (struct progress){ NULL, 0 };
}

static fault
accepted_read(struct home *h, struct mainline *m)
{
	struct oid head;
	fault f = exchange_main(h, &head);

	*m = (struct mainline){ .n = 0 };
	if (f != NULL || oid_zero(&head))
		return f;
	return mainline_read(m, &h->site, &head);
}

fault
exchange_progress(struct home *h, struct progress *p)
{
	struct mainline m = { .n = 0 };
	const struct roster *ro;
	fault f;

	*p = (struct progress){ NULL, 0 };
	if ((f = home_site(h)) != NULL ||
	    (f = accepted_read(h, &m)) != NULL)
		goto done;
	ro = h->site.roster;
	p->at = mem_new(ro->nmembers * sizeof *p->at);
	p->n = ro->nmembers;
	for (size_t i = 0; f == NULL && i < p->n; i++) {
		p->at[i].device = ro->members[i].device;
		f = sync_delivered(&p->at[i].delivered, &h->site,
		    &p->at[i].device);
		for (size_t k = 0; k < m.n; k++)
			if (id_eq(&m.at[k].device, &p->at[i].device))
				p->at[i].accepted = m.at[k].seq;
		if (ro->members[i].cut_at != 0 &&
		    p->at[i].accepted > ro->members[i].cut_seq)
			p->at[i].accepted = ro->members[i].cut_seq;
	}
done:
	mainline_free(&m);
	return f;
}

fault
exchange_state(struct home *h, const struct progress *p,
    const struct dot *dot, enum state *out)
{
	uint64_t seq;
	fault f = store_carrier(&h->store, dot, &seq);

	if (f != NULL)
		return f;
	*out = seq == 0 ? STATE_SAVED : STATE_SEALED;
	for (size_t i = 0; seq != 0 && i < p->n; i++) {
		if (!id_eq(&p->at[i].device, &dot->device))
			continue;
		if (p->at[i].accepted >= seq)
			*out = STATE_ACCEPTED;
		else if (p->at[i].delivered >= seq)
			*out = STATE_DELIVERED;
	}
	return NULL;
}

fault
exchange_record_state(struct home *h, const struct progress *p,
    const struct record *r, enum state *out)
{
	enum state one;
	fault f = NULL;

	*out = STATE_ACCEPTED;
	for (size_t i = 0; f == NULL && i < r->nchanges; i++) {
		f = exchange_state(h, p, &r->changes[i].dot, &one);
		if (f == NULL && one < *out)
			*out = one;
	}
	return f;
}

fault
exchange_commit(struct home *h, const struct dot *dot, struct oid *out)
{
	struct oid head;
	char ref[REF_MAX];
	uint64_t seq;
	fault f;

	*out = (struct oid){ { 0 } };
	if ((f = store_carrier(&h->store, dot, &seq)) != NULL || seq == 0)
		return f;
	ref_device(ref, &dot->device);
	if ((f = home_site(h)) != NULL ||
	    (f = repo_ref(&head, h->site.repo, ref)) != NULL)
		return f;
	return chain_at(out, &h->site, &head, seq);
}
