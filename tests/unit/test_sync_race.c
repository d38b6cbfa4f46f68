#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/scene.h"

#ifdef SANITIZED	/* each fork of such a program is slow */
#define KILLS 3
#define ROUNDS 1
#else
#define KILLS 24
#define ROUNDS 3
#endif

/* --- races -------------------------------------------------------------- */

/* Noor's copy of her own device makes an entry while she makes another. */
TEST(who_loses_the_roster_takes_the_winners_and_may_try_again)
{
	struct scene s;
	struct entry e = ENTRY_EMPTY;
	struct member m = { .caps = CAP_WRITE };
	struct kit *n;
	struct carry *c = NULL;
	struct sync sync;
	struct oid before, ours;

	scene_start(&s);
	n = s.noor;
	before = head_of(n, SITE_ROSTER);
	for (int i = 0; i < 2; i++) {
		m.device = id_random();
		random_fill(m.once_pk, 32);
		random_fill(m.file.b, 32);
		entry_invite(&e, &m);
		entry_name(&e, &m.device, ROLE_WORKER, "Cas");
		append_entry(n, &e);
		ours = head_of(n, SITE_ROSTER);
		if (i == 1)
			break;
		/* the winner's entry reaches the hub behind our back */
		hub_push_raw(n, s.w.hub, SITE_ROSTER, &before);
		{
			struct push p = { .ref = SITE_ROSTER, .old = before,
			    .new = ours };

			assert_ok(carry_open(&c, s.w.hub, NULL));
			assert_ok(carry_push(c, n->site.repo, &p, 1));
			carry_close(c);
		}
		assert_ok(repo_ref_move(n->site.repo, SITE_ROSTER, &ours,
		    &before));
		assert_ok(site_reload(&n->site));
	}
	/* ours is a draft on the old one: it gives way */
	assert_ok(carry_open(&c, s.w.hub, NULL));
	assert_ok(sync_begin(&sync, &n->site, c));
	assert_ok(sync_fetch_first(&sync));
	assert_true(sync.roster_moved);
	assert_int_equal(sync.findings.n, 0);
	before = head_of(n, SITE_ROSTER);
	assert_false(oid_eq(&before, &ours));
	assert_int_equal(n->site.bound, n->site.roster->seq);
	sync_end(&sync);
	carry_close(c);
	scene_end(&s);
}

TEST(losing_between_fetch_and_push_is_a_race)
{
	struct scene s;
	struct entry e = ENTRY_EMPTY;
	struct member m = { .caps = CAP_WRITE };
	struct kit *n;
	struct carry *c = NULL;
	struct sync sync;
	struct oid before, theirs, ours;

	scene_start(&s);
	n = s.noor;
	before = head_of(n, SITE_ROSTER);
	assert_ok(carry_open(&c, s.w.hub, NULL));
	assert_ok(sync_begin(&sync, &n->site, c));
	assert_ok(sync_fetch_first(&sync));
	for (int i = 0; i < 2; i++) {
		m.device = id_random();
		random_fill(m.once_pk, 32);
		random_fill(m.file.b, 32);
		entry_invite(&e, &m);
		entry_name(&e, &m.device, ROLE_WORKER, "Cas");
		append_entry(n, &e);
		ours = head_of(n, SITE_ROSTER);
		if (i == 1)
			break;
		theirs = ours;
		{
			struct push p = { .ref = SITE_ROSTER, .old = before,
			    .new = theirs };

			assert_ok(carry_push(c, n->site.repo, &p, 1));
			assert_null(p.result);
		}
		assert_ok(repo_ref_move(n->site.repo, SITE_ROSTER, &theirs,
		    &before));
		assert_ok(site_reload(&n->site));
	}
	assert_fault(FAULT_RACE, sync_push(&sync, &n->signer));
	sync_end(&sync);
	carry_close(c);
	kit_sync(n, s.w.hub);
	ours = head_of(n, SITE_ROSTER);
	assert_true(oid_eq(&ours, &theirs));
	scene_end(&s);
}

/* What Noor merged gives way to what a second device of hers had pushed. */
TEST(who_loses_main_takes_the_winners_and_merges_on_top)
{
	struct scene s;
	struct oid theirs, ours;
	struct carry *c;

	scene_start(&s);
	world_merge(&s.w);
	theirs = head_of(s.noor, SITE_MAIN);
	{
		struct push p = { .ref = SITE_MAIN, .new = theirs };

		assert_ok(carry_open(&c, s.w.hub, NULL));
		assert_ok(carry_push(c, s.noor->site.repo, &p, 1));
		assert_null(p.result);
		carry_close(c);
	}
	assert_ok(repo_ref_delete(s.noor->site.repo, SITE_MAIN));
	kit_write(s.noor, 1);
	world_merge(&s.w);
	ours = head_of(s.noor, SITE_MAIN);
	assert_false(oid_eq(&ours, &theirs));
	kit_sync(s.noor, s.w.hub);
	ours = head_of(s.noor, SITE_MAIN);
	assert_true(oid_eq(&ours, &theirs));
	assert_int_equal(world_merge(&s.w), 1);
	kit_sync(s.noor, s.w.hub);
	kit_sync(s.bas, s.w.hub);
	assert_int_equal(seq_of(s.bas, SITE_MAIN), 2);
	scene_end(&s);
}

/* Eight devices, each its own process, three rounds at the same moment. */
TEST(devices_that_sync_at_the_same_moment_lose_nothing)
{
	struct world w;
	pid_t pid[KITS];
	int status;

	world_start(&w);
	kit_sync(&w.noor, w.hub);
	for (int i = 0; i < KITS; i++)
		kit_write(world_invite(&w), 1);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < KITS; i++) {
			kit_write(&w.kits[i], 1);
			fflush(NULL);
			if ((pid[i] = fork()) == 0) {
				fault f = kit_try(&w.kits[i], w.hub);

				if (f != NULL)
					fprintf(stderr, "%s\n", f->text);
				show_findings(&w.kits[i].findings);
				_exit(f != NULL || w.kits[i].findings.n > 0);
			}
		}
		for (int i = 0; i < KITS; i++) {
			assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
			assert_int_equal(status, 0);
			site_close(&w.kits[i].site);
			assert_ok(site_open(&w.kits[i].site, w.kits[i].path,
			    w.kits[i].keys));
		}
	}
	kit_sync(&w.noor, w.hub);
	for (int i = 0; i < KITS; i++)
		assert_int_equal(seq_of(&w.noor, kit_ref(&w.kits[i])),
		    ROUNDS + 1);
	world_end(&w);
}

/* --- cuts --------------------------------------------------------------- */

/* Each step done, and then nothing more: the next sync goes on. */
TEST(a_sync_that_stops_after_any_step_is_completed_by_the_next)
{
	struct scene s;
	struct carry *c;
	struct sync sync;

	scene_start(&s);
	for (int stop = 1; stop <= 4; stop++) {
		kit_write(s.amira, 1);
		kit_write(s.bas, 1);
		kit_sync(s.amira, s.w.hub);
		assert_ok(carry_open(&c, s.w.hub, NULL));
		assert_ok(sync_begin(&sync, &s.bas->site, c));
		if (stop >= 2)
			assert_ok(sync_fetch_first(&sync));
		if (stop >= 3)
			assert_ok(sync_fetch_rest(&sync));
		if (stop >= 4)
			assert_ok(sync_push(&sync, &s.bas->signer));
		sync_end(&sync);
		carry_close(c);
		all_in_step(&s);
	}
	scene_end(&s);
}

/* The child is killed somewhere; the parent looks at what is left. */
TEST(a_sync_that_is_killed_anywhere_is_completed_by_the_next)
{
	struct scene s;
	int status, hit = 0;

	scene_start(&s);
	for (int i = 0; i < KILLS; i++) {
		pid_t pid;

		kit_write(s.bas, 1);
		kit_write(s.amira, 1);
		kit_sync(s.amira, s.w.hub);
		fflush(NULL);
		if ((pid = fork()) == 0) {
			fault f = kit_try(s.bas, s.w.hub);

			_exit(f != NULL);
		}
		usleep((useconds_t)(i * 18000 / KILLS));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		hit += WIFSIGNALED(status);
		site_close(&s.bas->site);
		assert_ok(site_open(&s.bas->site, s.bas->path, s.bas->keys));
		assert_ok(repo_tidy(s.bas->site.repo));
		all_in_step(&s);
	}
	assert_true(hit > 0);
	scene_end(&s);
}

int
main(void)
{
	return WORLD_RUN(
	    T(who_loses_the_roster_takes_the_winners_and_may_try_again),
	    T(losing_between_fetch_and_push_is_a_race),
	    T(who_loses_main_takes_the_winners_and_merges_on_top),
	    T(devices_that_sync_at_the_same_moment_lose_nothing),
	    T(a_sync_that_stops_after_any_step_is_completed_by_the_next),
	    T(a_sync_that_is_killed_anywhere_is_completed_by_the_next));
}
