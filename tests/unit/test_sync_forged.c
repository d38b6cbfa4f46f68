#include "tests/unit/scene.h"

/* A forged commit by Amira's real key, put on the hub under her ref. */
static void
put_forged(struct scene *s, struct forged *f)
{
	struct site there = s->amira->site;
	struct oid oid;

	/* As one who can write to the folder: no compare and swap. */
	assert_ok(repo_open(&there.repo, s->w.hub));
	oid = forge_put(&there, f);
	repo_close(there.repo);
	hub_set(s->w.hub, kit_ref(s->amira), &oid);
}

static struct forged
next_of_amira(struct scene *s)
{
	struct oid head = head_of(s->amira, kit_ref(s->amira));

	return forge_after(&s->amira->site, s->amira, &head);
}

TEST(a_fork_is_named_by_everybody_and_both_are_kept)
{
	struct scene s;
	struct forged f;
	struct oid head, first, kept;
	char apart[REF_MAX], pin[REF_MAX];

	scene_start(&s);
	head = head_of(s.amira, kit_ref(s.amira));
	assert_ok(chain_at(&first, &s.amira->site, &head, 1));
	f = forge_after(&s.amira->site, s.amira, &first);
	put_forged(&s, &f);
	kit_alarm(s.noor, s.w.hub, FIND_FORK, kit_ref(s.amira));
	assert_memory_equal(head_of(s.noor, kit_ref(s.amira)).b, head.b,
	    OID_LEN);
	pin_name(pin, &s.noor->site.roster->home, kit_ref(s.amira));
	snprintf(apart, sizeof apart, "refs/apart/%.100s",
	    pin + strlen("refs/pins/"));
	kept = head_of(s.noor, apart);
	assert_false(oid_zero(&kept));
	/* Amira's own device freezes: it gives nothing on that branch. */
	assert_ok(kit_try(s.amira, s.w.hub));
	assert_true(found(&s.amira->findings, FIND_FORK, kit_ref(s.amira)));
	assert_true(s.amira->frozen);
	scene_end(&s);
}

TEST(a_gap_takes_nothing_beyond_it)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = next_of_amira(&s);
	f.head.seq = ++f.c.seq;
	put_forged(&s, &f);
	kit_alarm(s.noor, s.w.hub, FIND_GAP, kit_ref(s.amira));
	assert_int_equal(seq_of(s.noor, kit_ref(s.amira)), 2);
	scene_end(&s);
}

TEST(a_foreign_path_takes_nothing)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = next_of_amira(&s);
	assert_true(ref_entry(f.entry, kit_ref(s.bas)));
	put_forged(&s, &f);
	kit_alarm(s.noor, s.w.hub, FIND_FOREIGN_PATH, kit_ref(s.amira));
	assert_int_equal(seq_of(s.noor, kit_ref(s.amira)), 2);
	scene_end(&s);
}

TEST(an_oversized_segment_takes_nothing)
{
	struct scene s;
	struct forged f;

	scene_start(&s);
	f = next_of_amira(&s);
	f.pad = WIRE_SEGMENT_MAX + 1;
	put_forged(&s, &f);
	kit_alarm(s.noor, s.w.hub, FIND_OVERSIZED, kit_ref(s.amira));
	assert_int_equal(seq_of(s.noor, kit_ref(s.amira)), 2);
	scene_end(&s);
}

TEST(a_roster_entry_by_a_worker_is_no_members)
{
	struct scene s;
	struct entry e = ENTRY_EMPTY;
	struct buf blob = BUF_EMPTY, object = BUF_EMPTY, armor = BUF_EMPTY;
	struct tree_entry t;
	struct commit c, last;
	struct oid head, oid;
	struct carry *carry;
	struct push p = { .ref = SITE_ROSTER };
	uint64_t seq;

	scene_start(&s);
	seq = s.noor->site.roster->seq;
	entry_home(&e, &s.bas->site.self);
	assert_ok(entry_finish(&blob, &e, 1, s.bas->keys,
	    s.bas->site.squeeze));
	assert_ok(site_head(&last, &head, &s.bas->site, SITE_ROSTER));
	c = (struct commit){ .ref = SITE_ROSTER, .seq = last.seq + 1,
	    .generation = last.generation + 1, .nparents = 1,
	    .prev = last.hash, .seg = hash_of(buf_view(&blob)),
	    .genesis = s.bas->site.genesis, .roster_seq = last.seq,
	    .roster_hash = last.hash };
	c.parents[0] = head;
	assert_ok(repo_write(&t.blob, s.bas->site.repo, OBJECT_BLOB,
	    buf_view(&blob)));
	assert_true(ref_entry(t.name, SITE_ROSTER));
	assert_ok(repo_write_tree(&c.tree, s.bas->site.repo, &t, 1));
	commit_sign(&object, &armor, &c, s.bas->signer.pk, s.bas->signer.sk);
	assert_ok(repo_write(&oid, s.bas->site.repo, OBJECT_COMMIT,
	    buf_view(&object)));
	p.old = hub_get(s.w.hub, SITE_ROSTER);
	p.new = oid;
	assert_ok(carry_open(&carry, s.w.hub, NULL));
	assert_ok(carry_push(carry, s.bas->site.repo, &p, 1));
	carry_close(carry);
	kit_alarm(s.noor, s.w.hub, FIND_NOT_A_MEMBER, SITE_ROSTER);
	assert_int_equal(s.noor->site.roster->seq, seq);
	buf_free(&blob);
	buf_free(&object);
	buf_free(&armor);
	entry_free(&e);
	scene_end(&s);
}

/* Bas cut at 2: what he pushes later is quarantined by all. */
TEST(what_a_revoked_device_pushes_later_stays_out)
{
	struct scene s;
	struct entry e = ENTRY_EMPTY;
	struct buf body = BUF_EMPTY;
	struct commit c;
	struct oid head;

	scene_start(&s);
	assert_ok(site_head(&c, &head, &s.noor->site, kit_ref(s.bas)));
	buf_add(&body, s.bas->site.self.b, WIRE_ID_LEN);
	put_u64(&body, c.seq);
	buf_add(&body, c.hash.b, WIRE_HASH_LEN);
	put_u64(&body, 0);
	memset(buf_room(&body, 32), 0, 32);
	body.len += 32;
	put_u8(&body, CUT_REVOKED);
	item_put(&e.clear, ITEM_CUT, buf_view(&body));
	e.nclear++;
	append_entry(s.noor, &e);
	kit_sync(s.noor, s.w.hub);
	kit_write(s.bas, 1);		/* he has not heard of it */
	kit_sync(s.bas, s.w.hub);
	kit_alarm(s.amira, s.w.hub, FIND_AFTER_CUT, kit_ref(s.bas));
	assert_int_equal(seq_of(s.amira, kit_ref(s.bas)), 2);
	assert_int_equal(opened_of(s.amira, s.bas), 2);
	buf_free(&body);
	scene_end(&s);
}

/* The blob of a hub's id, in a commit that who signs, put on the hub. */
static void
put_hub_id(struct scene *s, struct bytes blob, const struct signer *who)
{
	struct site there = s->noor->site;
	struct commit c = { .seq = 0 };
	struct oid oid;

	assert_ok(repo_open(&there.repo, s->w.hub));
	assert_ok(site_orphan(&oid, &there, "refs/heads/hub", &c, blob, who));
	repo_close(there.repo);
	hub_set(s->w.hub, "refs/heads/hub", &oid);
}

TEST(a_hub_that_no_member_made_is_refused)
{
	struct scene s;
	struct kit stranger = { .written = 0 };
	struct hub_id id = { .hub = id_random() };
	struct buf blob = BUF_EMPTY;

	scene_start(&s);
	kit_draw(&stranger);
	id.project = s.noor->site.project;
	hub_id_put(&blob, &id);
	put_hub_id(&s, buf_view(&blob), &stranger.signer);
	assert_fault(FAULT_TRUST, kit_try(s.noor, s.w.hub));
	assert_true(found(&s.noor->findings, FIND_NOT_A_MEMBER,
	    "refs/heads/hub"));
	/* by a member, but cut short */
	put_hub_id(&s, (struct bytes){ blob.at, blob.len - 1 },
	    &s.noor->signer);
	assert_fault(FAULT_TRUST, kit_try(s.noor, s.w.hub));
	assert_true(found(&s.noor->findings, FIND_CORRUPT,
	    "refs/heads/hub"));
	buf_free(&blob);
	secret_free(stranger.signer.sk, SIGN_SK);
	scene_end(&s);
}

TEST(a_device_commit_as_roster_or_main_is_replayed_and_put_right)
{
	struct scene s;
	struct oid oid;

	scene_start(&s);
	world_merge(&s.w);
	kit_sync(s.noor, s.w.hub);
	oid = hub_get(s.w.hub, kit_ref(s.amira));
	hub_set(s.w.hub, SITE_MAIN, &oid);
	kit_alarm(s.noor, s.w.hub, FIND_REPLAYED, SITE_MAIN);
	hub_set(s.w.hub, SITE_ROSTER, &oid);
	kit_alarm(s.noor, s.w.hub, FIND_REPLAYED, SITE_ROSTER);
	oid = hub_get(s.w.hub, SITE_MAIN);
	hub_set(s.w.hub, kit_ref(s.amira), &oid);
	kit_alarm(s.noor, s.w.hub, FIND_REPLAYED, kit_ref(s.amira));
	all_in_step(&s);
	scene_end(&s);
}

/* A coordinator's own signature does not make nonsense an entry. */
TEST(a_roster_entry_of_no_form_is_corrupt)
{
	struct scene s;
	struct site there;
	struct commit c, last;
	struct oid head, oid;
	struct tree_entry t;
	uint64_t seq;

	scene_start(&s);
	seq = s.noor->site.roster->seq;
	there = s.noor->site;
	assert_ok(site_head(&last, &head, &s.noor->site, SITE_ROSTER));
	c = (struct commit){ .ref = SITE_ROSTER, .seq = last.seq + 1,
	    .generation = last.generation + 1, .nparents = 1,
	    .prev = last.hash, .seg = hash_of(bytes_of("KITROS?")),
	    .genesis = there.genesis, .roster_seq = last.seq,
	    .roster_hash = last.hash };
	c.parents[0] = head;
	assert_ok(repo_open(&there.repo, s.w.hub));
	assert_ok(repo_write(&t.blob, there.repo, OBJECT_BLOB,
	    bytes_of("KITROS?")));
	assert_true(ref_entry(t.name, SITE_ROSTER));
	assert_ok(repo_write_tree(&c.tree, there.repo, &t, 1));
	assert_ok(site_sign(&oid, &there, &c, &s.noor->signer));
	repo_close(there.repo);
	hub_set(s.w.hub, SITE_ROSTER, &oid);
	kit_alarm(s.bas, s.w.hub, FIND_CORRUPT, SITE_ROSTER);
	assert_int_equal(s.bas->site.roster->seq, seq);
	scene_end(&s);
}

TEST(a_keyring_that_was_shown_must_stay_or_be_followed)
{
	struct scene s;
	struct site there;
	struct commit c = { .ref = "refs/heads/keyring/4", .seq = 4,
	    .generation = 1 };
	struct buf blob = BUF_EMPTY;
	struct tree_entry t;
	struct oid oid, none = { { 0 } };

	scene_start(&s);
	there = s.noor->site;
	buf_add(&blob, "KITRNG", 6);
	put_u16(&blob, WIRE_FORMAT);
	put_u64(&blob, 4);
	put_u64(&blob, there.bound);
	buf_add(&blob, roster_entry(there.roster, there.bound)->b, 32);
	put_u16(&blob, 0);
	put_u16(&blob, 0);
	assert_ok(repo_open(&there.repo, s.w.hub));
	assert_ok(repo_write(&t.blob, there.repo, OBJECT_BLOB,
	    buf_view(&blob)));
	assert_true(ref_entry(t.name, c.ref));
	assert_ok(repo_write_tree(&c.tree, there.repo, &t, 1));
	c.seg = hash_of(buf_view(&blob));
	site_quote(&there, &c);
	assert_ok(site_sign(&oid, &there, &c, &s.noor->signer));
	hub_set(s.w.hub, c.ref, &oid);
	kit_sync(s.bas, s.w.hub);
	assert_memory_equal(head_of(s.bas, c.ref).b, oid.b, OID_LEN);
	hub_set(s.w.hub, c.ref, &none);
	kit_alarm(s.bas, s.w.hub, FIND_ROLLBACK, c.ref);
	kit_sync(s.bas, s.w.hub);	/* healed */
	/* a worker's keyring is nobody's */
	assert_ok(site_sign(&oid, &there, &c, &s.bas->signer));
	repo_close(there.repo);
	hub_set(s.w.hub, c.ref, &oid);
	assert_ok(kit_try(s.amira, s.w.hub));
	assert_true(found(&s.amira->findings, FIND_NOT_A_MEMBER, c.ref));
	buf_free(&blob);
	scene_end(&s);
}

/* --- junk, which needs no key ------------------------------------------- */

/* What stock git makes of a message, put on the hub as Amira's branch. */
static void
put_plain(struct scene *s, const char *parent)
{
	char out[256];

	assert_int_equal(run(out, "cd %s && t=$(git mktree </dev/null) && "
	    "c=$(git -c user.name=x -c user.email=x@y commit-tree -m junk %s "
	    "$t) && git update-ref %s $c", s->w.hub, parent,
	    kit_ref(s->amira)), 0);
}

static void
put_strangers(struct scene *s, uint64_t ahead)
{
	struct kit stranger = { .written = 0 };
	struct forged f = next_of_amira(s);

	kit_draw(&stranger);
	f.pk = stranger.signer.pk;
	f.sk = stranger.signer.sk;
	f.head.seq = f.c.seq += ahead;
	put_forged(s, &f);
	secret_free(stranger.signer.sk, SIGN_SK);
}

/* Named once; then Amira writes over it and goes on. */
static void
amira_goes_on(struct scene *s, enum finding_code code)
{
	kit_write(s->amira, 1);
	kit_alarm(s->amira, s->w.hub, code, kit_ref(s->amira));
	assert_false(s->amira->frozen);
	assert_int_equal(s->amira->healed, 1);
	kit_sync(s->amira, s->w.hub);
	all_in_step(s);
	assert_int_equal(seq_of(s->noor, kit_ref(s->amira)),
	    seq_of(s->amira, kit_ref(s->amira)));
}

TEST(junk_on_a_branch_is_named_once_and_its_owner_goes_on)
{
	struct scene s;
	struct oid head;
	char hex[41], parent[64];

	scene_start(&s);
	put_plain(&s, "");
	amira_goes_on(&s, FIND_CORRUPT);
	head = hub_get(s.w.hub, kit_ref(s.amira));
	oid_hex(hex, &head);
	snprintf(parent, sizeof parent, "-p %s", hex);
	put_plain(&s, parent);
	amira_goes_on(&s, FIND_CORRUPT);
	put_strangers(&s, 0);
	amira_goes_on(&s, FIND_NOT_A_MEMBER);
	put_strangers(&s, 1000);
	amira_goes_on(&s, FIND_NOT_A_MEMBER);
	scene_end(&s);
}

TEST(junk_on_a_branch_is_healed_by_another)
{
	struct scene s;

	scene_start(&s);
	put_plain(&s, "");
	kit_alarm(s.noor, s.w.hub, FIND_CORRUPT, kit_ref(s.amira));
	assert_int_equal(s.noor->healed, 1);
	kit_sync(s.bas, s.w.hub);
	put_strangers(&s, 0);
	kit_alarm(s.bas, s.w.hub, FIND_NOT_A_MEMBER, kit_ref(s.amira));
	assert_int_equal(s.bas->healed, 1);
	all_in_step(&s);
	scene_end(&s);
}

/* A branch that names what is no commit, or what is not there. */
TEST(a_branch_that_cannot_be_fetched_is_given_anew_by_its_owner)
{
	struct scene s;
	char out[256];

	scene_start(&s);
	assert_int_equal(run(out, "cd %s && f=$(git hash-object -w --stdin "
	    "</dev/null) && mkdir -p refs/heads/device && echo $f > %s",
	    s.w.hub, kit_ref(s.amira)), 0);
	amira_goes_on(&s, FIND_CORRUPT);
	assert_int_equal(run(out, "cd %s && mkdir -p refs/heads/device && "
	    "echo 1234567812345678123456781234567812345678 > %s", s.w.hub,
	    kit_ref(s.amira)), 0);
	kit_alarm(s.bas, s.w.hub, FIND_CORRUPT, kit_ref(s.amira));
	assert_int_equal(s.bas->healed, 0);	/* it may come yet */
	amira_goes_on(&s, FIND_CORRUPT);
	scene_end(&s);
}

TEST(a_commit_of_an_own_key_is_never_written_over)
{
	struct scene s;
	struct forged f;
	struct oid put, is;

	scene_start(&s);
	f = next_of_amira(&s);
	f.wrong_seg = true;
	put_forged(&s, &f);
	put = hub_get(s.w.hub, kit_ref(s.amira));
	kit_alarm(s.noor, s.w.hub, FIND_CORRUPT, kit_ref(s.amira));
	kit_alarm(s.amira, s.w.hub, FIND_CORRUPT, kit_ref(s.amira));
	is = hub_get(s.w.hub, kit_ref(s.amira));
	assert_memory_equal(put.b, is.b, OID_LEN);
	scene_end(&s);
}

/* --- damage ------------------------------------------------------------- */

/* Amira's third commit is on the hub only; then one file there is damaged. */
static void
damaged(const char *how)
{
	struct scene s;
	char out[256];

	scene_start(&s);
	run(out, "sleep 0.02; touch stamp; sleep 0.02");
	kit_write(s.amira, 1);
	kit_sync(s.amira, s.w.hub);
	assert_int_equal(run(out, "cd %s/objects && f=$(find . -type f "
	    "-name '*.pack' -newer ../../../stamp | head -1) && test -n "
	    "\"$f\" && chmod u+w $f && %s", s.w.hub, how), 0);
	kit_alarm(s.noor, s.w.hub, FIND_CORRUPT, kit_ref(s.amira));
	assert_int_equal(seq_of(s.noor, kit_ref(s.amira)), 2);
	world_end(&s.w);
}

TEST(a_flipped_byte_in_a_pack_takes_nothing)
{
	damaged("b=$(od -An -tu1 -j60 -N1 $f) && "
	    "printf \"\\\\$(printf %o $((b ^ 1)))\" | "
	    "dd of=$f bs=1 seek=60 conv=notrunc 2>/dev/null");
}

TEST(a_pack_cut_short_takes_nothing)
{
	damaged("truncate -s 40 $f");
}

TEST(a_pack_that_is_gone_takes_nothing)
{
	damaged("rm -f $f ${f%%.pack}.idx");
}

/* --- withheld ----------------------------------------------------------- */

/*
 * Bas saw Amira at 3 on the hub and says so; the hub shows Noor, who has not
 * seen it, Amira at 2.
 */
TEST(what_a_hub_hides_from_one_is_told_by_another)
{
	struct scene s;
	struct oid newest, old;

	scene_start(&s);
	old = hub_get(s.w.hub, kit_ref(s.amira));
	kit_write(s.amira, 1);
	kit_sync(s.amira, s.w.hub);
	newest = hub_get(s.w.hub, kit_ref(s.amira));
	kit_sync(s.bas, s.w.hub);
	kit_write(s.bas, 1);
	kit_sync(s.bas, s.w.hub);
	hub_set(s.w.hub, kit_ref(s.amira), &old);
	kit_alarm(s.noor, s.w.hub, FIND_WITHHELD, kit_ref(s.amira));
	/* it stays so while it hides, and is over when it shows */
	kit_alarm(s.noor, s.w.hub, FIND_WITHHELD, kit_ref(s.amira));
	hub_set(s.w.hub, kit_ref(s.amira), &newest);
	kit_sync(s.noor, s.w.hub);
	assert_int_equal(seq_of(s.noor, kit_ref(s.amira)), 3);
	kit_sync(s.noor, s.w.hub);
	scene_end(&s);
}

/* The testimony comes by a stick; the hub is judged when it is met again. */
TEST(a_testimony_that_comes_by_a_stick_waits_for_its_hub)
{
	struct scene s;
	char stick[128];
	struct oid old;

	scene_start(&s);
	world_hub(&s.w, stick, "stick");
	kit_sync(s.noor, stick);
	old = hub_get(s.w.hub, kit_ref(s.amira));
	kit_write(s.amira, 1);
	kit_sync(s.amira, s.w.hub);
	kit_sync(s.bas, s.w.hub);
	kit_write(s.bas, 1);
	/* Bas' stick has his commit, but not Amira's third. */
	{
		struct carry *c;
		struct push p = { .new = head_of(s.bas, kit_ref(s.bas)) };

		snprintf(p.ref, sizeof p.ref, "%s", kit_ref(s.bas));
		p.old = hub_get(stick, p.ref);
		assert_ok(carry_open(&c, stick, NULL));
		assert_ok(carry_push(c, s.bas->site.repo, &p, 1));
		assert_null(p.result);
		carry_close(c);
	}
	kit_sync(s.noor, stick);
	hub_set(s.w.hub, kit_ref(s.amira), &old);
	kit_alarm(s.noor, s.w.hub, FIND_WITHHELD, kit_ref(s.amira));
	scene_end(&s);
}

/* Nine commits full of devices that nobody knows do not drown a true word. */
TEST(a_testimony_is_not_drowned_by_invented_ones)
{
	struct scene s;
	struct forged f;
	struct seen *seen = mem_new(512 * sizeof *seen);
	struct oid old, newest;

	scene_start(&s);
	old = hub_get(s.w.hub, kit_ref(s.amira));
	kit_write(s.amira, 1);
	kit_sync(s.amira, s.w.hub);
	kit_sync(s.bas, s.w.hub);
	newest = head_of(s.bas, kit_ref(s.bas));
	for (int i = 0; i < 9; i++) {
		struct site there = s.bas->site;

		for (size_t k = 0; k < 512; k++) {
			seen[k].hub = s.noor->site.roster->home;
			seen[k].device[1] = (uint8_t)i;	/* ascending */
			seen[k].device[2] = (uint8_t)(k >> 8);
			seen[k].device[3] = (uint8_t)k;
			seen[k].seq = 1;
		}
		assert_ok(repo_open(&there.repo, s.w.hub));
		f = forge_after(&there, s.bas, &newest);
		f.head.seen = seen;
		f.head.nseen = 512;
		newest = forge_put(&there, &f);
		repo_close(there.repo);
	}
	hub_set(s.w.hub, kit_ref(s.bas), &newest);
	kit_sync(s.bas, s.w.hub);	/* adopts them */
	kit_write(s.bas, 1);
	kit_sync(s.bas, s.w.hub);
	hub_set(s.w.hub, kit_ref(s.amira), &old);
	kit_alarm(s.noor, s.w.hub, FIND_WITHHELD, kit_ref(s.amira));
	free(seen);
	scene_end(&s);
}

TEST(a_roster_that_a_commit_names_and_the_hub_hides_is_withheld)
{
	struct scene s;
	struct oid old;

	scene_start(&s);
	old = hub_get(s.w.hub, SITE_ROSTER);
	world_invite(&s.w);
	kit_sync(s.amira, s.w.hub);
	kit_write(s.amira, 1);		/* quotes the new entry */
	kit_sync(s.amira, s.w.hub);
	hub_set(s.w.hub, SITE_ROSTER, &old);
	assert_ok(kit_try(s.bas, s.w.hub));
	assert_int_equal(s.bas->findings.n, 1);
	assert_true(found(&s.bas->findings, FIND_WITHHELD,
	    kit_ref(s.amira)));
	assert_int_equal(seq_of(s.bas, kit_ref(s.amira)), 2);
	/* Noor has the roster and gives it back; then Bas is in step. */
	kit_alarm(s.noor, s.w.hub, FIND_ROLLBACK, SITE_ROSTER);
	all_in_step(&s);
	scene_end(&s);
}

int
main(void)
{
	return WORLD_RUN(
	    T(a_fork_is_named_by_everybody_and_both_are_kept),
	    T(a_gap_takes_nothing_beyond_it),
	    T(a_foreign_path_takes_nothing),
	    T(an_oversized_segment_takes_nothing),
	    T(a_roster_entry_by_a_worker_is_no_members),
	    T(what_a_revoked_device_pushes_later_stays_out),
	    T(a_hub_that_no_member_made_is_refused),
	    T(a_device_commit_as_roster_or_main_is_replayed_and_put_right),
	    T(a_roster_entry_of_no_form_is_corrupt),
	    T(a_keyring_that_was_shown_must_stay_or_be_followed),
	    T(junk_on_a_branch_is_named_once_and_its_owner_goes_on),
	    T(junk_on_a_branch_is_healed_by_another),
	    T(a_branch_that_cannot_be_fetched_is_given_anew_by_its_owner),
	    T(a_commit_of_an_own_key_is_never_written_over),
	    T(a_flipped_byte_in_a_pack_takes_nothing),
	    T(a_pack_cut_short_takes_nothing),
	    T(a_pack_that_is_gone_takes_nothing),
	    T(what_a_hub_hides_from_one_is_told_by_another),
	    T(a_testimony_that_comes_by_a_stick_waits_for_its_hub),
	    T(a_testimony_is_not_drowned_by_invented_ones),
	    T(a_roster_that_a_commit_names_and_the_hub_hides_is_withheld));
}
