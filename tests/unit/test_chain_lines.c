#include "tests/unit/victim.h"

/* --- whole objects ------------------------------------------------------ */

/*
 * One bit of every byte of a good third commit: none is verified, whatever
 * the finding is called.
 */
TEST(one_bit_flipped_anywhere_in_a_commit_is_refused)
{
	struct scene s;
	struct forged f;
	struct buf raw = BUF_EMPTY;
	struct commit c;
	struct oid oid;

	scene_start(&s);
	f = third(&s);
	oid = forge_put(&s.noor->site, &f);
	assert_ok(site_commit_raw(&c, &raw, &s.noor->site, &oid));
	for (size_t i = 0; i < raw.len; i++) {
		raw.at[i] ^= (uint8_t)(1u << (i % 8));
		assert_ok(repo_write(&oid, s.noor->site.repo, OBJECT_COMMIT,
		    buf_view(&raw)));
		verify(&s, &s.second, &oid);
		assert_int_equal(s.check.steps, 0);
		assert_true(s.found.n == 1 || s.check.ahead);
		raw.at[i] ^= (uint8_t)(1u << (i % 8));
	}
	buf_free(&raw);
	scene_end(&s);
}

TEST(a_commit_cut_anywhere_is_corrupt)
{
	struct scene s;
	struct forged f;
	struct buf raw = BUF_EMPTY;
	struct commit c;
	struct oid oid;

	scene_start(&s);
	f = third(&s);
	oid = forge_put(&s.noor->site, &f);
	assert_ok(site_commit_raw(&c, &raw, &s.noor->site, &oid));
	for (size_t n = 0; n < raw.len; n += 3) {
		assert_ok(repo_write(&oid, s.noor->site.repo, OBJECT_COMMIT,
		    (struct bytes){ raw.at, n }));
		refused(&s, &s.second, &oid, FIND_CORRUPT);
	}
	buf_free(&raw);
	scene_end(&s);
}

/* --- two defects: the first of the table is named ----------------------- */

struct spoil {
	enum finding_code code;
	void		(*make)(struct scene *, struct forged *);
	int		signer;		/* only one of these at a time */
};

static uint8_t stranger_pk[32], stranger_sk[64];

static void
too_large(struct scene *s, struct forged *f)
{
	(void)s;
	f->pad = WIRE_SEGMENT_MAX;
}

static void
other_file(struct scene *s, struct forged *f)
{
	assert_true(ref_entry(f->entry, kit_ref(s->noor)));
}

static void
other_project(struct scene *s, struct forged *f)
{
	(void)s;
	f->c.genesis.b[0] ^= 1;
}

static void
other_segment(struct scene *s, struct forged *f)
{
	(void)s;
	f->wrong_seg = true;
}

static void
stranger(struct scene *s, struct forged *f)
{
	(void)s;
	f->pk = stranger_pk;
	f->sk = stranger_sk;
}

static void
wrong_signature(struct scene *s, struct forged *f)
{
	(void)s;
	f->sk = stranger_sk;
}

static void
other_place(struct scene *s, struct forged *f)
{
	f->head.device = s->noor->site.self;
}

static void
second_of_number(struct scene *s, struct forged *f)
{
	(void)f;
	s->check.drafts = false;
}

static void
other_prev(struct scene *s, struct forged *f)
{
	(void)s;
	f->c.prev.b[0] ^= 1;
	f->head.prev = f->c.prev;
}

static void
cut_before(struct scene *s, struct forged *f)
{
	(void)f;
	for (size_t i = 0; i < s->noor->site.roster->nmembers; i++) {
		struct member *m = &s->noor->site.roster->members[i];

		if (id_eq(&m->device, &s->amira->site.self)) {
			m->cut_at = 9;
			m->cut_seq = 1;
		}
	}
}

static const struct spoil spoils[] = {
	{ FIND_OVERSIZED, too_large, 0 },
	{ FIND_FOREIGN_PATH, other_file, 0 },
	{ FIND_WRONG_PROJECT, other_project, 0 },
	{ FIND_CORRUPT, other_segment, 0 },
	{ FIND_NOT_A_MEMBER, stranger, 1 },
	{ FIND_BAD_SIGNATURE, wrong_signature, 1 },
	{ FIND_REPLAYED, other_place, 0 },
	{ FIND_FORK, second_of_number, 0 },
	{ FIND_GAP, other_prev, 0 },
	{ FIND_AFTER_CUT, cut_before, 0 },
};
#define SPOILS (sizeof spoils / sizeof spoils[0])

static bool
first_of(enum finding_code code, size_t i, size_t j)
{
	return code == (spoils[i].code < spoils[j].code ? spoils[i].code :
	    spoils[j].code);
}

TEST(of_two_defects_the_first_in_the_tables_order_is_named)
{
	struct scene s;

	scene_start(&s);
	sign_keypair(stranger_pk, stranger_sk);
	for (size_t i = 0; i < SPOILS; i++)
		for (size_t j = i + 1; j < SPOILS; j++) {
			struct forged f;
			struct oid oid;

			if (spoils[i].signer && spoils[j].signer)
				continue;
			assert_ok(site_reload(&s.noor->site));
			f = forge_after(&s.noor->site, s.amira, &s.first);
			s.check.drafts = true;
			spoils[i].make(&s, &f);
			spoils[j].make(&s, &f);
			oid = forge_put(&s.noor->site, &f);
			verify(&s, &s.first, &oid);
			assert_int_equal(s.found.n, 1);
			if (!first_of(s.found.at[0].code, i, j))
				fail_msg("%s and %s: named %s",
				    finding_name(spoils[i].code),
				    finding_name(spoils[j].code),
				    finding_name(s.found.at[0].code));
		}
	scene_end(&s);
}

/* --- joiners ------------------------------------------------------------ */

TEST(a_joiners_chain_is_pending_until_it_is_admitted)
{
	struct world w;
	struct kit *a;
	struct findings fs = FINDINGS_EMPTY;
	struct chain_check c = { .hub = "hub" };
	struct forged f;

	world_start(&w);
	a = world_invite(&w);
	c.ref = kit_ref(a);
	f = forge_after(&w.noor.site, a, &c.from);
	c.to = forge_put(&w.noor.site, &f);
	f = forge_after(&w.noor.site, a, &c.to);
	c.to = forge_put(&w.noor.site, &f);
	assert_ok(chain_verify(&w.noor.site, &c, &fs, NULL, NULL));
	assert_int_equal(fs.n, 0);
	assert_int_equal(c.steps, 2);
	assert_true(c.pending);
	findings_free(&fs);
	world_end(&w);
}

static void
join_refused(struct world *w, struct kit *a, enum finding_code code)
{
	struct findings fs = FINDINGS_EMPTY;
	struct chain_check c = { .hub = "hub", .ref = kit_ref(a) };
	struct forged f = forge_after(&w->noor.site, a, &c.from);

	c.to = forge_put(&w->noor.site, &f);
	assert_ok(chain_verify(&w->noor.site, &c, &fs, NULL, NULL));
	assert_int_equal(c.steps, 0);
	assert_int_equal(fs.n, 1);
	assert_int_equal(fs.at[0].code, code);
	findings_free(&fs);
}

TEST(a_join_line_that_takes_up_nothing_is_no_members)
{
	struct world w;
	struct kit *a;
	struct join good;

	world_start(&w);
	a = world_invite(&w);
	good = a->join;
	a->join.file.b[0] ^= 1;
	join_refused(&w, a, FIND_NOT_A_MEMBER);
	a->join = good;
	a->join.by_once[3] ^= 1;
	join_refused(&w, a, FIND_NOT_A_MEMBER);
	a->join = good;
	a->join.by_new[3] ^= 1;
	join_refused(&w, a, FIND_NOT_A_MEMBER);
	a->join = good;
	a->joiner = false;		/* no join line at all */
	join_refused(&w, a, FIND_NOT_A_MEMBER);
	a->joiner = true;
	world_end(&w);
}

TEST(a_chain_of_nobody_in_the_roster_is_no_members)
{
	struct world w;
	struct kit *a;

	world_start(&w);
	a = world_invite(&w);
	a->site.self = id_random();
	join_refused(&w, a, FIND_NOT_A_MEMBER);
	world_end(&w);
}

/* --- lines -------------------------------------------------------------- */

TEST(a_line_is_walked_back_to_any_number)
{
	struct world w;
	struct oid head, at;
	struct commit c;

	world_start(&w);
	for (int i = 0; i < 5; i++)
		kit_write(&w.noor, 1);
	head = head_of(&w.noor, kit_ref(&w.noor));
	for (uint64_t seq = 1; seq <= 5; seq++) {
		assert_ok(chain_at(&at, &w.noor.site, &head, seq));
		assert_ok(site_commit(&c, &w.noor.site, &at));
		assert_int_equal(c.seq, seq);
	}
	assert_fault(FAULT_ABSENT, chain_at(&at, &w.noor.site, &head, 6));
	assert_fault(FAULT_ABSENT, chain_at(&at, &w.noor.site, &head, 0));
	world_end(&w);
}

static void
meets(struct scene *s, const struct oid *ours, const struct oid *theirs,
    enum chain_side side, const struct oid *where)
{
	enum chain_side is;
	struct oid meet;

	assert_ok(chain_meet(&is, &meet, &s->noor->site, ours, theirs));
	assert_int_equal(is, side);
	assert_true(oid_eq(&meet, where));
}

TEST(two_lines_meet_where_they_part)
{
	struct scene s;
	struct forged f;
	struct oid a, b, c, none = { { 0 } };

	scene_start(&s);
	f = forge_after(&s.noor->site, s.amira, &s.first);
	a = forge_put(&s.noor->site, &f);
	f = forge_after(&s.noor->site, s.amira, &a);
	b = forge_put(&s.noor->site, &f);
	meets(&s, &none, &b, CHAIN_AHEAD, &none);
	meets(&s, &b, &b, CHAIN_SAME, &b);
	meets(&s, &a, &b, CHAIN_AHEAD, &a);
	meets(&s, &b, &a, CHAIN_BEHIND, &a);
	meets(&s, &s.second, &b, CHAIN_APART, &s.first);
	/* A number that lies sends nobody astray. */
	f.c.seq = f.head.seq = 1;
	f.c.prev = f.head.prev = (struct hash){ { 0 } };
	f.c.nparents = 0;
	c = forge_put(&s.noor->site, &f);
	meets(&s, &s.second, &c, CHAIN_APART, &none);
	scene_end(&s);
}

int
main(void)
{
	return WORLD_RUN(
	    T(one_bit_flipped_anywhere_in_a_commit_is_refused),
	    T(a_commit_cut_anywhere_is_corrupt),
	    T(of_two_defects_the_first_in_the_tables_order_is_named),
	    T(a_joiners_chain_is_pending_until_it_is_admitted),
	    T(a_join_line_that_takes_up_nothing_is_no_members),
	    T(a_chain_of_nobody_in_the_roster_is_no_members),
	    T(a_line_is_walked_back_to_any_number),
	    T(two_lines_meet_where_they_part));
}
