/*
 * scene -- a world in full swing, for the tests of sync.
 */
#ifndef TESTS_UNIT_SCENE_H
#define TESTS_UNIT_SCENE_H

#include "tests/unit/forge.h"

/* Noor and her hub; Amira and Bas admitted, two commits each, all in step. */
struct scene {
	struct world	w;
	struct kit	*noor, *amira, *bas;
};

static inline void
scene_start(struct scene *s)
{
	memset(s, 0, sizeof *s);
	world_start(&s->w);
	s->noor = &s->w.noor;
	kit_sync(s->noor, s->w.hub);
	s->amira = world_invite(&s->w);
	s->bas = world_invite(&s->w);
	kit_write(s->amira, 1);
	kit_write(s->bas, 1);
	kit_sync(s->amira, s->w.hub);
	kit_sync(s->bas, s->w.hub);
	world_admit(&s->w, s->amira);
	world_admit(&s->w, s->bas);
	kit_write(s->amira, 1);
	kit_write(s->bas, 1);
	kit_sync(s->amira, s->w.hub);
	kit_sync(s->bas, s->w.hub);
	kit_sync(s->noor, s->w.hub);
	kit_sync(s->amira, s->w.hub);
}

static inline void
scene_end(struct scene *s)
{
	char out[256];

	assert_int_equal(run(out, "git --git-dir=%s fsck --full 2>&1",
	    s->w.hub), 0);
	world_end(&s->w);
}

/* Everybody holds everybody's chain to its end, and so does the hub. */
static inline void
all_in_step(struct scene *s)
{
	struct kit *all[] = { s->noor, s->amira, s->bas };

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 3; i++)
			kit_sync(all[i], s->w.hub);
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++) {
			struct oid own = head_of(all[k], kit_ref(all[k]));
			struct oid hub = hub_get(s->w.hub, kit_ref(all[k]));

			assert_true(oid_eq(&own, &hub));
			hub = head_of(all[i], kit_ref(all[k]));
			assert_true(oid_eq(&own, &hub));
		}
}

#endif
