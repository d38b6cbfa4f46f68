#include "tests/unit/scene.h"

/* A merged project, all of it on the hub. */
static void
merged(struct scene *s)
{
	scene_start(s);
	world_merge(&s->w);
	kit_sync(s->noor, s->w.hub);
}

static size_t
lines(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->at[i] == '\n';
	return n;
}

TEST(an_honest_hub_is_verified_whole_from_its_genesis)
{
	struct scene s;
	struct audit a;
	struct oid main;

	merged(&s);
	a = world_audit(&s.w, s.w.hub);
	show_findings(&a.findings);
	assert_int_equal(a.findings.n, 0);
	assert_int_equal(a.devices, 2);
	assert_int_equal(a.segments, 4);
	/* roster: genesis, home, two invited, two admitted; hub; main */
	assert_int_equal(a.commits, 6 + 4 + 1 + 1);
	assert_int_equal(a.main_seq, 1);
	main = hub_get(s.w.hub, SITE_MAIN);
	assert_true(oid_eq(&a.main, &main));
	assert_int_equal(lines(&a.signers), 3);
	audit_free(&a);
	scene_end(&s);
}

TEST(stock_git_verifies_every_commit_with_the_signers)
{
	struct scene s;
	struct audit a;
	char out[256], *path = at("signers");

	merged(&s);
	a = world_audit(&s.w, s.w.hub);
	write_text(path, "%s", buf_cstr(&a.signers));
	assert_int_equal(run(out, "git -c gpg.ssh.allowedSignersFile=%s "
	    "--git-dir=%s verify-commit $(git --git-dir=%s rev-list --all) "
	    "2>&1", path, s.w.hub, s.w.hub), 0);
	audit_free(&a);
	free(path);
	scene_end(&s);
}

TEST(a_pending_device_is_among_the_signers)
{
	struct world w;
	struct kit *k;
	struct audit a;

	world_start(&w);
	kit_sync(&w.noor, w.hub);
	k = world_invite(&w);
	a = world_audit(&w, w.hub);
	assert_int_equal(lines(&a.signers), 1);
	audit_free(&a);
	kit_write(k, 1);
	kit_sync(k, w.hub);
	a = world_audit(&w, w.hub);
	assert_int_equal(a.findings.n, 0);
	assert_int_equal(a.devices, 1);
	assert_int_equal(lines(&a.signers), 2);
	audit_free(&a);
	world_end(&w);
}

static void
finds(struct scene *s, enum finding_code code, const char *ref)
{
	struct audit a = world_audit(&s->w, s->w.hub);

	if (!found(&a.findings, code, ref))
		show_findings(&a.findings);
	assert_true(found(&a.findings, code, ref));
	audit_free(&a);
}

TEST(another_genesis_finds_the_wrong_project)
{
	struct scene s;
	struct audit a;
	struct hash h;
	char *path;

	merged(&s);
	h = s.noor->site.genesis;
	h.b[0] ^= 1;
	path = path_join(s.w.dir, "other");
	assert_ok(audit(&a, s.w.hub, &h, path));
	assert_true(found(&a.findings, FIND_WRONG_PROJECT, NULL));
	assert_false(file_exists(path));
	audit_free(&a);
	free(path);
	scene_end(&s);
}

TEST(a_branch_that_main_accepted_and_is_cut_short_is_withheld)
{
	struct scene s;
	struct oid newest, old;

	merged(&s);
	newest = hub_get(s.w.hub, kit_ref(s.amira));
	assert_ok(chain_at(&old, &s.noor->site, &newest, 1));
	hub_set(s.w.hub, kit_ref(s.amira), &old);
	finds(&s, FIND_WITHHELD, SITE_MAIN);
	scene_end(&s);
}

TEST(swapped_and_unknown_branches_are_found)
{
	struct scene s;
	struct oid oid;
	struct id nobody = id_random();
	char ref[REF_MAX];

	merged(&s);
	oid = hub_get(s.w.hub, kit_ref(s.bas));
	ref_device(ref, &nobody);
	hub_set(s.w.hub, ref, &oid);
	finds(&s, FIND_NOT_A_MEMBER, ref);
	hub_set(s.w.hub, kit_ref(s.amira), &oid);
	finds(&s, FIND_REPLAYED, kit_ref(s.amira));
	scene_end(&s);
}

TEST(a_damaged_object_is_found)
{
	struct scene s;
	char out[256];

	merged(&s);
	assert_int_equal(run(out, "for f in %s/objects/pack/*.pack; do chmod "
	    "u+w $f; printf XYZ | dd of=$f bs=1 seek=30 "
	    "conv=notrunc 2>/dev/null; done", s.w.hub), 0);
	finds(&s, FIND_CORRUPT, NULL);
	world_end(&s.w);
}

TEST(a_keyring_of_no_form_is_found)
{
	struct scene s;
	struct commit c = { .ref = "refs/heads/keyring/1", .seq = 1,
	    .generation = 1 };
	struct buf blob = BUF_EMPTY;
	struct tree_entry e;
	struct site there;
	struct oid oid;

	merged(&s);
	there = s.noor->site;
	assert_ok(repo_open(&there.repo, s.w.hub));
	for (int good = 1; good >= 0; good--) {
		struct audit a;

		buf_clear(&blob);
		buf_add(&blob, "KITRNG", 6);
		put_u16(&blob, WIRE_FORMAT);
		put_u64(&blob, 1);
		put_u64(&blob, s.noor->site.bound);
		buf_add(&blob, roster_entry(s.noor->site.roster,
		    s.noor->site.bound)->b, WIRE_HASH_LEN);
		put_u16(&blob, 0);
		put_u16(&blob, good ? 0 : 1);
		assert_ok(repo_write(&e.blob, there.repo, OBJECT_BLOB,
		    buf_view(&blob)));
		assert_true(ref_entry(e.name, c.ref));
		assert_ok(repo_write_tree(&c.tree, there.repo, &e, 1));
		c.seg = hash_of(buf_view(&blob));
		site_quote(&there, &c);
		assert_ok(site_sign(&oid, &there, &c, &s.noor->signer));
		hub_set(s.w.hub, c.ref, &oid);
		a = world_audit(&s.w, s.w.hub);
		assert_int_equal(a.findings.n, good ? 0 : 1);
		if (!good)
			assert_true(found(&a.findings, FIND_CORRUPT, c.ref));
		audit_free(&a);
	}
	repo_close(there.repo);
	buf_free(&blob);
	scene_end(&s);
}

TEST(a_folder_that_is_no_hub_is_an_honest_fault_or_finding)
{
	struct world w;
	struct audit a;
	char path[160], scratch_dir[160];

	world_start(&w);
	snprintf(path, sizeof path, "%s/nothing", w.dir);
	snprintf(scratch_dir, sizeof scratch_dir, "%s/work", w.dir);
	assert_fault(FAULT_HUB, audit(&a, path, &w.noor.site.genesis,
	    scratch_dir));
	/* what stands there already is never taken for scratch */
	assert_fault(FAULT_INVALID, audit(&a, w.hub, &w.noor.site.genesis,
	    w.hub));
	assert_true(file_exists(w.hub));
	world_end(&w);
}

int
main(void)
{
	return WORLD_RUN(
	    T(an_honest_hub_is_verified_whole_from_its_genesis),
	    T(stock_git_verifies_every_commit_with_the_signers),
	    T(a_pending_device_is_among_the_signers),
	    T(another_genesis_finds_the_wrong_project),
	    T(a_branch_that_main_accepted_and_is_cut_short_is_withheld),
	    T(swapped_and_unknown_branches_are_found),
	    T(a_damaged_object_is_found),
	    T(a_keyring_of_no_form_is_found),
	    T(a_folder_that_is_no_hub_is_an_honest_fault_or_finding));
}
