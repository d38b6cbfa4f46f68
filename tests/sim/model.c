#include "tests/sim/model.h"

#include <string.h>

int
model_device(const struct model *m, const struct id *id)
{
	for (int d = 0; d < DEVICES; d++)
		if (id_eq(&m->device[d], id))
			return d;
	return -1;
}

int
model_chain(const struct model *m, const char *ref)
{
	struct id device;

	switch (ref_kind(ref, &device, NULL)) {
	case REF_ROSTER:
		return CHAIN_ROSTER;
	case REF_MAIN:
		return CHAIN_MAIN;
	case REF_DEVICE:
		return model_device(m, &device);
	default:
		return -1;
	}
}

void
model_ref(char to[REF_MAX], const struct model *m, int chain)
{
	if (chain < DEVICES)
		ref_device(to, &m->device[chain]);
	else
		strcpy(to, chain == CHAIN_MAIN ? "refs/heads/main" :
		    "refs/heads/roster");
}

/* Where an oid stands, or the free place where it would. */
static size_t
place(const struct model *m, const struct oid *oid)
{
	size_t at = ((size_t)oid->b[0] << 8 | oid->b[1]) % COMMITS_MAX;

	while (!oid_zero(&m->commits[at].oid) &&
	    !oid_eq(&m->commits[at].oid, oid))
		at = (at + 1) % COMMITS_MAX;
	return at;
}

const struct signed_commit *
model_commit(const struct model *m, const struct oid *oid)
{
	const struct signed_commit *c = &m->commits[place(m, oid)];

	return oid_zero(&c->oid) ? NULL : c;
}

bool
model_sign(struct model *m, const struct oid *oid, int chain, uint64_t seq)
{
	struct signed_commit *c = &m->commits[place(m, oid)];

	if (!oid_zero(&c->oid))
		return c->chain == chain && c->seq == seq;
	if (m->ncommits >= COMMITS_MAX / 2)
		return false;
	*c = (struct signed_commit){ *oid, chain, seq };
	m->ncommits++;
	if (seq > m->head[chain])
		m->head[chain] = seq;
	return true;
}

struct oid
model_at(const struct model *m, int chain, uint64_t seq)
{
	for (size_t i = 0; i < COMMITS_MAX; i++)
		if (!oid_zero(&m->commits[i].oid) &&
		    m->commits[i].chain == chain && m->commits[i].seq == seq)
			return m->commits[i].oid;
	return (struct oid){ { 0 } };
}

struct hash
model_knowledge(const struct model *m, int d)
{
	return hash_of((struct bytes){ (const uint8_t *)m->knows[d],
	    sizeof m->knows[d] });
}

unsigned
model_lacks(const struct model *m, int d)
{
	unsigned lacks = 0;

	for (int by = 0; by < DEVICES; by++)
		for (uint64_t n = 1; n <= m->top[by]; n++)
			lacks += m->made[by][n].acked && !m->knows[d][by][n];
	return lacks;
}
