/*
 * make_commits DIR -- for tests/cli/interop-sign.sh: 200 commits of every
 * kind of ref, signed by commit_sign, in the bare repository DIR/repo.git;
 * beside each one that was changed in one place.  One line for each:
 *
 *	<number> <oid> <oid of the changed one> <what was changed>
 *
 * DIR/<number>.msg and .sig (.bad.msg, .bad.sig) are the same for ssh-keygen;
 * DIR/signers names the one key that may sign.  Exit 1 if our own verifier
 * or libgit2's bytes disagree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <git2.h>

#include "sync/base/codec.h"
#include "sync/base/file.h"
#include "sync/base/secret.h"
#include "sync/commit.h"

#define COUNT 200

static uint8_t pk[SIGN_PK], sk[SIGN_SK], other_pk[SIGN_PK], other_sk[SIGN_SK];
static const char device_hex[] = "00112233445566778899aabbccddeeff";
static const char *const changes[] = {
	"message", "tree", "signature", "key", "namespace"
};

static void
need(bool holds, const char *what, int i)
{
	if (holds)
		return;
	fprintf(stderr, "make_commits: %s (commit %d)\n", what, i);
	exit(1);
}

/* Not file_write: that a thousand files are on the disk for good costs. */
static void
save_as(const char *dir, const char *name, struct bytes b)
{
	char *path = path_join(dir, name);
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(b.at, 1, b.len, f) != b.len ||
	    fclose(f) != 0) {
		perror(path);
		exit(1);
	}
	free(path);
}

static void
save(const char *dir, int i, const char *end, struct bytes b)
{
	char name[32];

	snprintf(name, sizeof name, "%d%s", i, end);
	save_as(dir, name, b);
}

static struct oid
put_object(git_odb *odb, struct bytes b, git_object_t type)
{
	git_oid id;
	struct oid o;

	need(git_odb_write(&id, odb, b.at, b.len, type) == 0, "write", 0);
	memcpy(o.b, id.id, OID_LEN);
	return o;
}

/* A tree of one blob that holds n. */
static struct oid
put_tree(git_odb *odb, int n)
{
	struct buf b = BUF_EMPTY, t = BUF_EMPTY;
	struct oid o;

	buf_text(&b, "segment %d", n);
	o = put_object(odb, buf_view(&b), GIT_OBJECT_BLOB);
	buf_text(&t, "100644 %s.seg", device_hex);
	put_u8(&t, 0);
	buf_add(&t, o.b, OID_LEN);
	o = put_object(odb, buf_view(&t), GIT_OBJECT_TREE);
	buf_free(&b);
	buf_free(&t);
	return o;
}

static void
some(void *at, size_t n)
{
	random_fill(at, n);
}

static void
as_main(struct commit *c, int i)
{
	snprintf(c->ref, REF_MAX, "refs/heads/main");
	c->naccepts = (size_t)(i % 8) + 1;
	memset(c->seg.b, 0, WIRE_HASH_LEN);
	for (size_t k = 0; k < c->naccepts; k++) {
		some(c->accepts[k].device.b, WIRE_ID_LEN);
		c->accepts[k].device.b[0] = (uint8_t)k;
		some(c->accepts[k].hash.b, WIRE_HASH_LEN);
		c->accepts[k].seq = k + 1;
	}
}

static void
as_joiner(struct commit *c)
{
	some(&c->join, sizeof c->join);
	memcpy(c->join.sign_pk, pk, sizeof pk);
	join_make(&c->join, other_sk, sk);
	c->has_join = true;
	c->seq = 1;
	memset(c->prev.b, 0, WIRE_HASH_LEN);
}

static struct commit
some_commit(int i)
{
	struct commit c = { .seq = (uint64_t)i + 2, .generation = 1 +
	    (uint64_t)i, .roster_seq = (uint64_t)i + 1 };

	some(c.genesis.b, WIRE_HASH_LEN);
	some(c.prev.b, WIRE_HASH_LEN);
	some(c.seg.b, WIRE_HASH_LEN);
	some(c.roster_hash.b, WIRE_HASH_LEN);
	snprintf(c.ref, REF_MAX, "refs/heads/device/%s", device_hex);
	if (i % 4 == 1) {
		as_main(&c, i);
	} else if (i % 4 == 2) {
		snprintf(c.ref, REF_MAX, "refs/heads/roster");
	} else if (i % 4 == 3) {
		as_joiner(&c);
	} else {
		c.has_box = c.has_epoch = i % 8 == 0;
		some(c.box, sizeof c.box);
		c.epoch = (uint32_t)i + 1;
	}
	c.nparents = (c.seq > 1) + c.naccepts;
	return c;
}

/* Written by hand, so that a signature that is not ours can stand in it. */
static void
assemble(struct buf *out, struct bytes bare, struct bytes armor)
{
	const uint8_t *end = memmem(bare.at, bare.len, "\n\n", 2);
	size_t head = (size_t)(end + 1 - bare.at);

	buf_add(out, bare.at, head);
	buf_text(out, "gpgsig ");
	for (size_t i = 0; i < armor.len; i++)
		buf_text(out, armor.at[i] == '\n' ? "\n " : "%c", armor.at[i]);
	buf_text(out, "\n");
	buf_add(out, bare.at + head, bare.len - head);
}

static bool
verifies(struct bytes raw)
{
	struct commit c;

	return commit_parse(&c, raw) == NULL && commit_signed(&c, raw) &&
	    memcmp(c.pk, pk, sizeof pk) == 0;
}

/* libgit2's object of the same text and signature. */
static void
compare(git_repository *repo, struct buf *bare, struct buf *armor,
    const struct oid *ours, int i)
{
	git_oid id;

	need(git_commit_create_with_signature(&id, repo, buf_cstr(bare),
	    buf_cstr(armor), "gpgsig") == 0, "libgit2 refuses it", i);
	need(memcmp(id.id, ours->b, OID_LEN) == 0, "libgit2 differs", i);
}

static struct oid
good(git_repository *repo, git_odb *odb, struct commit *c, const char *dir,
    int i)
{
	struct buf object = BUF_EMPTY, armor = BUF_EMPTY, bare = BUF_EMPTY;
	struct oid o;

	commit_sign(&object, &armor, c, pk, sk);
	commit_unsigned(&bare, c);
	need(verifies(buf_view(&object)), "we refuse our own", i);
	o = put_object(odb, buf_view(&object), GIT_OBJECT_COMMIT);
	compare(repo, &bare, &armor, &o, i);
	save(dir, i, ".msg", buf_view(&bare));
	buf_text(&armor, "\n");
	save(dir, i, ".sig", buf_view(&armor));
	buf_free(&object);
	buf_free(&armor);
	buf_free(&bare);
	return o;
}

static struct oid
bad(git_odb *odb, struct commit *c, const struct oid *tree, const char *dir,
    int i)
{
	struct buf object = BUF_EMPTY, armor = BUF_EMPTY, bare = BUF_EMPTY;
	const char *namespace = i % 5 == 4 ? SIGN_ROSTER : SIGN_GIT;
	bool other = i % 5 == 3;
	struct oid o;

	commit_unsigned(&bare, c);
	sign(c->sig, other ? other_sk : sk, namespace, buf_view(&bare));
	if (i % 5 == 0)
		c->seg.b[i % 32] ^= 1, c->roster_hash.b[i % 32] ^= 1;
	if (i % 5 == 1)
		c->tree = *tree;
	if (i % 5 == 2)
		c->sig[i % 64] ^= 1;
	buf_clear(&bare);
	commit_unsigned(&bare, c);
	sign_armor(&armor, other ? other_pk : pk, namespace, c->sig);
	assemble(&object, buf_view(&bare), buf_view(&armor));
	need(!verifies(buf_view(&object)), "we accept a changed one", i);
	o = put_object(odb, buf_view(&object), GIT_OBJECT_COMMIT);
	save(dir, i, ".bad.msg", buf_view(&bare));
	buf_text(&armor, "\n");
	save(dir, i, ".bad.sig", buf_view(&armor));
	buf_free(&object);
	buf_free(&armor);
	buf_free(&bare);
	return o;
}

static void
make_all(git_repository *repo, git_odb *odb, const char *dir)
{
	struct oid made[COUNT], spare = put_tree(odb, -1);
	char a[41], b[41];

	for (int i = 0; i < COUNT; i++) {
		struct commit c = some_commit(i);
		struct oid wrong;

		if (i < 9 && c.nparents > (size_t)i)
			c = some_commit(3);		/* no parent needed */
		c.tree = put_tree(odb, i);
		for (size_t k = 0; k < c.nparents; k++)
			c.parents[k] = made[i - 1 - (int)k];
		made[i] = good(repo, odb, &c, dir, i);
		wrong = bad(odb, &c, &spare, dir, i);
		oid_hex(a, &made[i]);
		oid_hex(b, &wrong);
		printf("%d %s %s %s\n", i, a, b, changes[i % 5]);
	}
}

int
main(int argc, char **argv)
{
	git_repository *repo = NULL;
	struct buf signers = BUF_EMPTY;
	git_odb *odb = NULL;
	char *path;

	need(argc == 2, "usage: make_commits DIR", 0);
	need(secret_start() == NULL, "no locked memory", 0);
	git_libgit2_init();
	sign_keypair(pk, sk);
	sign_keypair(other_pk, other_sk);
	path = path_join(argv[1], "repo.git");
	need(git_repository_init(&repo, path, 1) == 0 &&
	    git_repository_odb(&odb, repo) == 0, "no repository", 0);
	free(path);
	sign_allowed(&signers, device_hex, pk);
	save_as(argv[1], "signers", buf_view(&signers));
	make_all(repo, odb, argv[1]);
	buf_free(&signers);
	git_odb_free(odb);
	git_repository_free(repo);
	git_libgit2_shutdown();
	return 0;
}
