/*
 * victim -- the scene of the tests of chain: who is shown forged commits.
 */
#ifndef TESTS_UNIT_VICTIM_H
#define TESTS_UNIT_VICTIM_H

#include "tests/unit/forge.h"

/*
 * Noor, the victim, holds commits 1 and 2 of Amira's chain; forged ones are
 * put after number 1 or 2 into Noor's repository and verified there.
 */
struct scene {
	struct world	w;
	struct kit	*noor, *amira;
	struct oid	first, second;
	struct findings	found;
	struct chain_check check;
};

static inline void
scene_start(struct scene *s)
{
	memset(s, 0, sizeof *s);
	world_start(&s->w);
	s->noor = &s->w.noor;
	kit_sync(s->noor, s->w.hub);
	s->amira = world_invite(&s->w);
	kit_write(s->amira, 1);
	kit_sync(s->amira, s->w.hub);
	world_admit(&s->w, s->amira);
	kit_sync(s->amira, s->w.hub);
	kit_write(s->amira, 1);
	kit_sync(s->amira, s->w.hub);
	kit_sync(s->noor, s->w.hub);
	s->second = head_of(s->noor, kit_ref(s->amira));
	assert_ok(chain_at(&s->first, &s->noor->site, &s->second, 1));
}

static inline void
scene_end(struct scene *s)
{
	findings_free(&s->found);
	world_end(&s->w);
}

/* Verify from..to on Amira's ref in Noor's repository. */
static inline void
verify(struct scene *s, const struct oid *from, const struct oid *to)
{
	bool drafts = s->check.drafts;

	findings_free(&s->found);
	s->check = (struct chain_check){ .ref = kit_ref(s->amira),
	    .from = *from, .to = *to, .hub = "hub", .drafts = drafts };
	assert_ok(chain_verify(&s->noor->site, &s->check, &s->found, NULL,
	    NULL));
}

static inline void
refused(struct scene *s, const struct oid *from, const struct oid *to,
    enum finding_code code)
{
	verify(s, from, to);
	if (s->found.n != 1 || s->found.at[0].code != code)
		show_findings(&s->found);
	assert_int_equal(s->found.n, 1);
	assert_int_equal(s->found.at[0].code, code);
	assert_true(id_eq(&s->found.at[0].device, &s->amira->site.self));
	assert_true(oid_eq(&s->check.good, from));
	assert_int_equal(s->check.steps, 0);
}

/* Spoil the honest third commit, and expect code. */
static inline void
spoiled(struct scene *s, struct forged *f, enum finding_code code)
{
	struct oid oid = forge_put(&s->noor->site, f);

	refused(s, &s->second, &oid, code);
}

static inline struct forged
third(struct scene *s)
{
	return forge_after(&s->noor->site, s->amira, &s->second);
}

#endif
