/*
 * bench_floor HUB NOTES DATABASE [index] -- the least that joining could cost:
 * read the blobs of every device's chain from the hub with libgit2, and insert
 * the notes as plain rows in one transaction; with `index` also their words
 * into FTS5, unstemmed.  Prints the ms that it took and the bytes of the
 * blobs; reading the file of notes is not counted.
 */
#include <git2.h>

#include "tests/tools/bench.h"
#include "tests/tools/bench_plain.h"

#include "sync/base/clock.h"

static fault
git_fault(const char *what)
{
	const git_error *e = git_error_last();

	return fault_new(FAULT_FAIL, "%s: %s", what,
	    e == NULL ? "?" : e->message);
}

/* The blobs in a commit's tree, read whole. */
static int
read_commit(git_repository *repo, const git_oid *oid, uint64_t *total)
{
	git_commit *commit = NULL;
	git_tree *tree = NULL;
	int r = git_commit_lookup(&commit, repo, oid);

	if (r == 0)
		r = git_commit_tree(&tree, commit);
	for (size_t i = 0; r == 0 && i < git_tree_entrycount(tree); i++) {
		const git_oid *id = git_tree_entry_id(
		    git_tree_entry_byindex(tree, i));
		git_blob *blob = NULL;

		if ((r = git_blob_lookup(&blob, repo, id)) == 0)
			*total += (uint64_t)git_blob_rawsize(blob);
		git_blob_free(blob);
	}
	git_tree_free(tree);
	git_commit_free(commit);
	return r;
}

static fault
read_chains(const char *hub, uint64_t *total)
{
	git_repository *repo = NULL;
	git_revwalk *walk = NULL;
	git_oid oid;
	int r;

	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	if ((r = git_repository_open_bare(&repo, hub)) == 0 &&
	    (r = git_revwalk_new(&walk, repo)) == 0)
		r = git_revwalk_push_glob(walk, "refs/heads/device/*");
	while (r == 0 && (r = git_revwalk_next(&oid, walk)) == 0)
		r = read_commit(repo, &oid, total);
	git_revwalk_free(walk);
	git_repository_free(repo);
	return r == GIT_ITEROVER ? NULL : git_fault(hub);
}

/* With a trigger, so that the rows are inserted just as without. */
static const char words[] =
    "CREATE VIRTUAL TABLE words USING fts5(text, content='');"
    "CREATE TRIGGER gather AFTER INSERT ON note BEGIN "
    "INSERT INTO words(rowid, text) VALUES(new.rowid, new.json); END";

static fault
insert_all(const char *path, struct bytes all, bool index)
{
	struct plain p = { NULL, NULL };
	struct bytes line;
	fault f;

	f = plain_open(&p, path, "DELETE");
	if (f == NULL && index)
		f = plain_exec(&p, words);
	if (f == NULL)
		f = plain_exec(&p, "BEGIN");
	while (f == NULL && bench_line(&all, &line)) {
		struct id id = id_record(clock_wall_ms());

		f = plain_insert(&p, &id, line);
	}
	if (f == NULL)
		f = plain_exec(&p, "COMMIT");
	plain_close(&p);
	return f;
}

int
main(int argc, char **argv)
{
	struct buf notes = BUF_EMPTY;
	uint64_t total = 0;
	double start;
	fault f;

	if (argc != 4 && argc != 5)
		return 2;
	if ((f = secret_start()) != NULL ||
	    (f = file_read(&notes, argv[2], BENCH_FILE_MAX)) != NULL)
		return bench_end(f);
	start = bench_ms();
	git_libgit2_init();
	if ((f = read_chains(argv[1], &total)) == NULL)
		f = insert_all(argv[3], buf_view(&notes), argc == 5);
	git_libgit2_shutdown();
	printf("%.3f %llu\n", bench_ms() - start, (unsigned long long)total);
	buf_free(&notes);
	return bench_end(f);
}
