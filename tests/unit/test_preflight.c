#include "tests/unit/test.h"

#include "sync/carry.h"
#include "sync/preflight.h"
#include "tests/unit/scratch.h"

/*
 * Make a hub, do this to it in a shell, and say how it is judged.  $H is the
 * hub's folder.
 */
static fault
judged(const char *what)
{
	static int count;
	char name[16], out[256], *hub;
	fault f;

	snprintf(name, sizeof name, "hub%d", count++);
	hub = at(name);
	assert_ok(hub_create(hub));
	assert_int_equal(run(out, "H=%s; { %s; } 2>&1", hub, what), 0);
	f = preflight(hub);
	run(out, "chmod -R u+rwX %s; rm -rf %s", hub, hub);
	free(hub);
	return f;
}

static void
assert_refused(const char *what, const char *why)
{
	fault f = judged(what);

	if (f == NULL)
		fail_msg("%s: was let through", what);
	assert_int_equal(f->code, FAULT_TRUST);
	if (strstr(f->text, why) == NULL)
		fail_msg("%s: the reason '%s' is not in: %s", what, why,
		    f->text);
}

TEST(a_hub_of_ours_passes_also_after_stock_git_tidied_it)
{
	assert_ok(judged("true"));
	assert_ok(judged("git -c core.bare=true --git-dir=$H pack-refs --all"));
	assert_ok(judged("T=$(git --git-dir=$H mktree </dev/null); "
	    "C=$(git -c user.name=x -c user.email=x --git-dir=$H commit-tree "
	    "-m x $T); git --git-dir=$H update-ref refs/heads/main $C; "
	    "git --git-dir=$H gc -q; git --git-dir=$H update-server-info; "
	    "rm -rf $H/hooks"));
	assert_ok(judged("mkdir $H/objects/ab; touch "
	    "$H/objects/ab/0123456789012345678901234567890123abcd "
	    "$H/objects/pack/tmp_pack_123 $H/refs/heads/main.lock"));
	/* What a desktop leaves on a stick. */
	assert_ok(judged("touch $H/.DS_Store; mkdir $H/.Trash-1000"));
}

TEST(a_hub_that_is_not_there_is_no_alarm)
{
	char *none = at("none/hub"), *empty = at("empty");
	fault f = preflight(none);

	assert_fault(FAULT_HUB, f);
	assert_non_null(strstr(f->text, "put the stick in"));
	assert_ok(file_mkdir(empty, 0700));
	assert_fault(FAULT_HUB, preflight(empty));
	free(none);
	free(empty);
}

TEST(links_are_refused_wherever_they_stand)
{
	assert_refused("mv $H/objects $H.o; ln -s $H.o $H/objects",
	    "objects is a link");
	assert_refused("mv $H/refs $H.r; ln -s $H.r $H/refs",
	    "refs is a link");
	assert_refused("mv $H/HEAD $H.h; ln -s $H.h $H/HEAD", "HEAD is a link");
	assert_refused("rm $H/config; ln -s /etc/passwd $H/config",
	    "config is a link");
	assert_refused("ln -s /etc/passwd $H/packed-refs", "is a link");
	assert_refused("ln -s /tmp $H/refs/heads/x", "refs/heads/x is a link");
	assert_refused("rmdir $H/objects/pack; ln -s /tmp $H/objects/pack",
	    "objects/pack is a link");
	assert_refused("ln -s /tmp $H/objects/ab", "objects/ab is a link");
	assert_refused("mkdir $H/objects/ab; ln -s /etc/passwd $H/objects/ab/"
	    "0123456789012345678901234567890123abcd", "is a link");
	assert_refused("ln -s /etc/passwd $H/objects/pack/tmp_x", "is a link");
	assert_refused("ln -s nowhere $H/harmless", "is a link");
	assert_refused("mv $H $H.real; ln -s $H.real $H", "is a link");
}

TEST(what_leads_git_elsewhere_is_refused)
{
	static const char *const top[] = { "commondir", "gitdir", "shallow",
	    "config.worktree", "CommonDir", "index", ".git", "logs" };
	char what[64], why[64];

	assert_refused("mkdir $H/objects/info; echo /etc > "
	    "$H/objects/info/alternates", "alternates does not belong");
	assert_refused("mkdir $H/objects/info; echo http://x > "
	    "$H/objects/info/http-alternates", "does not belong");
	assert_refused("mkdir $H/info; touch $H/info/grafts", "grafts does not");
	assert_refused("mkdir $H/info; touch $H/info/attributes", "does not");
	assert_refused("mkdir -p $H/worktrees/x", "worktrees does not belong");
	assert_refused("mkdir -p $H/modules/x", "modules does not belong");
	for (size_t i = 0; i < sizeof top / sizeof top[0]; i++) {
		snprintf(what, sizeof what, "echo /etc > $H/%s", top[i]);
		snprintf(why, sizeof why, "%s does not belong", top[i]);
		assert_refused(what, why);
	}
}

TEST(what_git_could_run_is_refused)
{
	static const char *const hooks[] = { "pre-receive", "update",
	    "post-receive", "post-update", "reference-transaction",
	    "post-checkout" };
	char what[128];

	for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
		snprintf(what, sizeof what, "mkdir $H/hooks; printf '#!/bin/sh"
		    "\\n' > $H/hooks/%s; chmod +x $H/hooks/*", hooks[i]);
		assert_refused(what, "could be run by git");
	}
}

TEST(any_other_config_or_head_is_refused)
{
	static const char *const lines[] = {
	    "[include]\n\tpath = /etc/x", "[includeIf \"gitdir:/\"]\n\tpath = x",
	    "[core]\n\tfsmonitor = /bin/x", "[core]\n\tsshCommand = x",
	    "[core]\n\thooksPath = /tmp", "[gpg]\n\tprogram = /bin/x",
	    "[url \"x\"]\n\tinsteadOf = y", "[core]\n\tworktree = /",
	    "[uploadpack]\n\tpackObjectsHook = /bin/x", " " };
	char what[256];

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		snprintf(what, sizeof what, "printf '%s\n' >> $H/config",
		    lines[i]);
		assert_refused(what, "config is not as we write it");
	}
	assert_refused("rm $H/config", "config is missing");
	assert_refused("rm $H/config; mkdir $H/config", "not a plain file");
	assert_refused("head -c 1000000 /dev/zero >> $H/config", "config");
	assert_refused("echo ref: refs/heads/x > $H/HEAD", "HEAD is not as");
	assert_refused("echo ref: refs/../../x > $H/HEAD", "HEAD is not as");
	assert_refused("printf 'ref: refs/heads/main' > $H/HEAD", "HEAD");
	assert_refused("rm -r $H/HEAD", "HEAD is missing");
	assert_refused("rm -r $H/refs", "refs is missing");
	assert_refused("rm -r $H/objects", "objects is missing");
}

TEST(anything_but_files_and_folders_is_refused)
{
	assert_refused("mkfifo $H/pipe", "neither a file nor a folder");
	assert_refused("mkfifo $H/refs/heads/main", "neither");
	assert_refused("rm $H/config; mkfifo $H/config", "neither");
	assert_refused("mkfifo $H/objects/pack/tmp_x", "neither");
	assert_refused("mkdir $H/objects/ab; mkfifo $H/objects/ab/"
	    "0123456789012345678901234567890123abcd", "neither");
}

TEST(only_well_formed_names_stand_among_objects)
{
	assert_refused("touch $H/objects/x", "not the name of an object");
	assert_refused("mkdir $H/objects/abc", "not the name of an object");
	assert_refused("mkdir $H/objects/gg", "not the name of an object");
	assert_refused("touch $H/objects/ab", "not the name of an object");
	assert_refused("mkdir $H/objects/ab; touch $H/objects/ab/x",
	    "not the name of an object");
	assert_refused("mkdir -p $H/objects/ab/"
	    "0123456789012345678901234567890123abcd", "not the name");
	assert_refused("touch $H/objects/pack/x", "not the name of a pack");
	assert_refused("touch $H/objects/pack/multi-pack-index", "not the name");
	assert_refused("touch $H/objects/pack/pack-01.idx", "not the name");
	assert_refused("mkdir $H/objects/pack/sub", "not the name of a pack");
}

TEST(a_folder_of_endless_files_is_refused_soon)
{
	assert_refused("cd $H/refs/heads; seq 6000 | xargs touch",
	    "more files than any hub");
	assert_refused("cd $H; mkdir many; cd many; seq 6000 | xargs touch",
	    "more files than any hub");
	assert_refused("mkdir -p $H/refs/1/2/3/4/5/6/7/8/9/10",
	    "lies too deep");
	assert_ok(judged("cd $H/refs/heads; seq 4900 | xargs touch"));
}

int
main(void)
{
	int failed;

	if (!scratch_make())
		return 1;
	failed = RUN(
	    T(a_hub_of_ours_passes_also_after_stock_git_tidied_it),
	    T(a_hub_that_is_not_there_is_no_alarm),
	    T(links_are_refused_wherever_they_stand),
	    T(what_leads_git_elsewhere_is_refused),
	    T(what_git_could_run_is_refused),
	    T(any_other_config_or_head_is_refused),
	    T(anything_but_files_and_folders_is_refused),
	    T(only_well_formed_names_stand_among_objects),
	    T(a_folder_of_endless_files_is_refused_soon));
	return scratch_remove() ? failed : failed + 1;
}
