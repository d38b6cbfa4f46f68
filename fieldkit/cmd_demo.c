/*
 * demo -- the main job as a story: a hub in a folder, a coordinator and two
 * workers without a network, 50 invented notes, one conflict, a merge, an
 * audit.  Every step runs this same program, as a person would.
 */
#include "fieldkit/cmds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fieldkit/demo_notes.h"

#define ANSWER_MAX (4u << 20)
#define ARGS_MAX 24

struct demo {
	struct ctx	*c;
	char		*dir;
	char		program[PATH_MAX];
	char		id_same[ID_HEX], id_apart[ID_HEX];
	char		keep[DOT_TEXT];
	char		genesis[HASH_HEX];
};

/* --- running a step ----------------------------------------------------- */

static void
child(const struct demo *d, const char *who, char *const argv[], int out_fd)
{
	char *home = path_join(d->dir, who);
	char *pass = path_join(d->dir, "passphrase");
	char *errors = path_join(d->dir, "errors");

	setenv("FIELDKIT_HOME", home, 1);
	setenv("FIELDKIT_PASSPHRASE_FILE", pass, 1);
	if (out_fd >= 0)
		dup2(out_fd, STDOUT_FILENO);
	/* The practice banner once, at the end, not at each of 40 steps. */
	if (out_fd >= 0) {
		int err = open(errors, O_WRONLY | O_CREAT | O_TRUNC |
		    O_CLOEXEC, 0600);

		if (err >= 0)
			dup2(err, STDERR_FILENO);
	}
	execv(d->program, argv);
	_exit(127);
}

/* The last line that a step wrote on standard error. */
static void
last_words(const struct demo *d, char *to, size_t room)
{
	char *path = path_join(d->dir, "errors");
	struct buf b = BUF_EMPTY;
	size_t end, at;

	to[0] = '\0';
	if (file_read(&b, path, 1u << 20) == NULL) {
		end = b.len;
		while (end > 0 && b.at[end - 1] == '\n')
			end--;
		for (at = end; at > 0 && b.at[at - 1] != '\n'; at--)
			;
		snprintf(to, room, "%.*s", (int)(end - at),
		    (const char *)b.at + at);
	}
	free(path);
	buf_free(&b);
}

static fault
wait_for(const struct demo *d, pid_t pid, const char *what)
{
	char why[300];
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fault_errno(FAULT_FAIL, "%s", what);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return NULL;
	last_words(d, why, sizeof why);
	return fault_new(FAULT_FAIL, "the step '%s' ended with %d: %s", what,
	    WIFEXITED(status) ? WEXITSTATUS(status) : -1, why);
}

/* Run a command as `who` and keep what it prints. */
static fault
run_step(struct demo *d, const char *who, char *const argv[],
    struct buf *answer)
{
	int fds[2];
	pid_t pid;
	fault f;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return fault_errno(FAULT_FAIL, "cannot make a pipe");
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		child(d, who, argv, fds[1]);
	close(fds[1]);
	f = pid < 0 ? fault_errno(FAULT_FAIL, "cannot start a step") :
	    file_read_fd(answer, fds[0], ANSWER_MAX);
	close(fds[0]);
	if (pid > 0) {
		fault g = wait_for(d, pid, argv[1]);

		f = f == NULL ? g : f;
	}
	return f;
}

/*
 * One step: say what happens and with which command; run it with --json.
 * words: the command behind "fieldkit", split at '|'.
 */
static fault
step(struct demo *d, const char *who, const char *what, const char *words,
    struct buf *answer)
{
	char *copy = mem_text(words), *argv[ARGS_MAX], *save = NULL;
	static char json[] = "--json";
	struct buf own = BUF_EMPTY;
	int n = 1;
	fault f;

	printf("%s\n    $ fieldkit", say(what));
	argv[0] = d->program;
	for (char *w = strtok_r(copy, "|", &save);
	    w != NULL && n < ARGS_MAX - 2; w = strtok_r(NULL, "|", &save)) {
		argv[n++] = w;
		printf(strpbrk(w, " '") != NULL ? " '%s'" : " %s", w);
	}
	argv[n++] = json;
	argv[n] = NULL;
	printf("    (%s)\n", who);
	f = run_step(d, who, argv, answer != NULL ? answer : &own);
	buf_free(&own);
	free(copy);
	return f;
}

/* The text member `key` of the first line of an answer. */
static fault
pick(struct buf *answer, const char *key, char *to, size_t room)
{
	struct json *j = NULL;
	struct bytes t;
	struct bytes line = bytes_of(buf_cstr(answer));
	const uint8_t *nl = memchr(line.at, '\n', line.len);
	fault f;

	if (nl != NULL)
		line.len = (size_t)(nl - line.at);
	f = json_parse(&j, line);

	if (f == NULL) {
		const struct json *v = json_get(j, key);

		t = v == NULL ? BYTES_EMPTY : json_text(v);
		snprintf(to, room, "%.*s", (int)t.len, (const char *)t.at);
	}
	json_free(j);
	return f;
}

/* --- the notes ----------------------------------------------------------- */

static fault
record_notes(struct demo *d, const char *who, const char *worker)
{
	static const char *const types[] = { "observation", "conversation",
	    "story", "signal", "action", "reflection" };
	struct buf lines = BUF_EMPTY, words = BUF_EMPTY, answer = BUF_EMPTY;
	char name[80], *path;
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < sizeof types / sizeof types[0];
	    i++) {
		buf_clear(&lines);
		buf_clear(&words);
		buf_clear(&answer);
		if ((f = demo_notes(&lines, worker, types[i])) != NULL ||
		    lines.len == 0)
			continue;
		snprintf(name, sizeof name, "%s-%s.jsonl", who, types[i]);
		path = path_join(d->dir, name);
		buf_text(&words, "add|%s|--from|%s", types[i], path);
		if ((f = file_write(path, buf_view(&lines), 0600)) == NULL)
			f = step(d, who, "  notes go into the encrypted store",
			    buf_cstr(&words), &answer);
		if (f == NULL && i == 0 && strcmp(who, "amira") == 0) {
			const uint8_t *nl = memchr(answer.at, '\n', answer.len);
			struct buf second = BUF_EMPTY;

			f = pick(&answer, "id", d->id_same,
			    sizeof d->id_same);
			buf_add(&second, nl + 1, answer.len -
			    (size_t)(nl + 1 - answer.at));
			if (f == NULL)
				f = pick(&second, "id", d->id_apart,
				    sizeof d->id_apart);
			buf_free(&second);
		}
		free(path);
	}
	buf_free(&lines);
	buf_free(&words);
	buf_free(&answer);
	return f;
}

/* --- the story ---------------------------------------------------------- */

/* As step, with the words made from a format. */
static fault
stepf(struct demo *d, const char *who, const char *what, struct buf *answer,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static fault
stepf(struct demo *d, const char *who, const char *what, struct buf *answer,
    const char *fmt, ...)
{
	char words[4 * PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	return step(d, who, what, words, answer);
}

static fault
invite_and_join(struct demo *d, const char *who, const char *name)
{
	struct buf answer = BUF_EMPTY;
	char code[128], *file, *pass;
	char leaf[64];
	fault f;

	snprintf(leaf, sizeof leaf, "%s.invite", who);
	file = path_join(d->dir, leaf);
	snprintf(leaf, sizeof leaf, "%s.code", who);
	pass = path_join(d->dir, leaf);
	if ((f = stepf(d, "noor", "Noor makes a one-time invitation; its code "
	    "is told by voice", &answer, "invite|--name|%s|--role|worker|-o|%s",
	    name, file)) != NULL ||
	    (f = pick(&answer, "code", code, sizeof code)) != NULL ||
	    (f = file_write(pass, bytes_of(code), 0600)) != NULL)
		goto done;
	f = stepf(d, who, "  and the invited one joins, offline", NULL,
	    "join|%s|--code-file|%s", file, pass);
done:
	buf_free(&answer);
	free(file);
	free(pass);
	return f;
}

static fault
chapter_begin(struct demo *d)
{
	struct buf answer = BUF_EMPTY;
	fault f;

	if ((f = stepf(d, "noor", "A hub: a folder on a stick or a share", NULL,
	    "hub|init|%s/hub", d->dir)) != NULL ||
	    (f = stepf(d, "noor", "Noor makes a practice project; her device "
	    "coordinates", &answer, "init|--project|Lindemeer luistert|--name|"
	    "Noor|--practice|--hub|%s/hub", d->dir)) != NULL ||
	    (f = pick(&answer, "genesis", d->genesis, sizeof d->genesis)) !=
	    NULL || (f = step(d, "noor", "The first hub that she syncs with "
	    "becomes the project's home", "sync", NULL)) != NULL ||
	    (f = invite_and_join(d, "amira", "Amira")) != NULL ||
	    (f = invite_and_join(d, "bas", "Bas")) != NULL ||
	    (f = step(d, "noor", "Noor syncs: the hub knows both invitations",
	    "sync", NULL)) != NULL)
		goto done;
	puts(say("Amira and Bas write 50 invented notes between them, without "
	    "a network:"));
	if ((f = record_notes(d, "amira", "W1")) == NULL)
		f = record_notes(d, "bas", "W2");
done:
	buf_free(&answer);
	return f;
}

static fault
chapter_share(struct demo *d)
{
	static const char *const who[] = { "amira", "bas" };
	fault f = NULL;

	for (int i = 0; f == NULL && i < 2; i++)
		f = step(d, who[i], "At night: sealed, signed and sent as git "
		    "commits", "sync", NULL);
	if (f == NULL)
		f = step(d, "noor", "Noor admits both and merges their notes "
		    "into main", "merge", NULL);
	for (int i = 0; f == NULL && i < 2; i++)
		f = step(d, who[i], "Everyone gets everyone's notes", "sync",
		    NULL);
	return f;
}

static fault
chapter_conflict(struct demo *d)
{
	fault f;

	if ((f = stepf(d, "amira", "Both edit the same field of one note ...",
	    NULL, "edit|%s|certainty=seen", d->id_same)) != NULL ||
	    (f = stepf(d, "bas", "  ... neither knows of the other ...", NULL,
	    "edit|%s|certainty=heard", d->id_same)) != NULL ||
	    (f = stepf(d, "amira", "and different fields of another note: no "
	    "conflict", NULL, "edit|%s|people_max=9", d->id_apart)) != NULL ||
	    (f = stepf(d, "bas", "  ... here Bas", NULL,
	    "edit|%s|atmosphere=calm", d->id_apart)) != NULL ||
	    (f = step(d, "amira", "They sync in turn", "sync", NULL)) != NULL ||
	    (f = step(d, "bas", "  ... Bas after Amira", "sync", NULL)) !=
	    NULL)
		return f;
	return step(d, "noor", "Noor syncs", "sync", NULL);
}

/* Exactly one conflict with two values; keep the first's dot. */
static fault
one_conflict(struct demo *d, struct buf *answer)
{
	struct json *j = NULL;
	const struct json *values;
	struct bytes dot;
	size_t lines = 0;
	fault f;

	for (size_t i = 0; i < answer->len; i++)
		lines += answer->at[i] == '\n';
	if (lines != 1)
		return fault_new(FAULT_FAIL, "the demo expected one conflict "
		    "and found %zu", lines);
	if ((f = json_parse(&j, buf_view(answer))) != NULL)
		return f;
	values = json_get(j, "values");
	printf(say("    one conflict, on '%.*s', with %zu values: kept side "
	    "by side until somebody chooses\n"),
	    (int)json_text(json_get(j, "field")).len,
	    (const char *)json_text(json_get(j, "field")).at,
	    values == NULL ? 0 : json_count(values));
	dot = json_text(json_get(json_at(values, 0), "dot"));
	snprintf(d->keep, sizeof d->keep, "%.*s", (int)dot.len,
	    (const char *)dot.at);
	json_free(j);
	return NULL;
}

static fault
chapter_resolve(struct demo *d)
{
	struct buf answer = BUF_EMPTY;
	fault f;

	if ((f = step(d, "noor", "Noor sees what a person must decide",
	    "conflicts", &answer)) != NULL ||
	    (f = one_conflict(d, &answer)) != NULL ||
	    (f = stepf(d, "noor", "She chooses, with a reason", NULL,
	    "resolve|%s|certainty|--keep|%s|--reason|Amira stood there "
	    "herself", d->id_same, d->keep)) != NULL ||
	    (f = step(d, "noor", "merges", "merge", NULL)) != NULL)
		goto done;
	buf_clear(&answer);
	if ((f = stepf(d, "noor", "and audits the whole history from the hub's "
	    "own objects", &answer, "audit|--signers|%s/signers", d->dir)) ==
	    NULL)
		printf("    %.*s", (int)answer.len, (char *)answer.at);
done:
	buf_free(&answer);
	return f;
}

/* Stock git on a plain clone: an outsider needs nothing of ours. */
static fault
chapter_git(struct demo *d)
{
	char sh[6 * PATH_MAX];
	pid_t pid;

	snprintf(sh, sizeof sh, "cd '%s' && export GIT_CONFIG_NOSYSTEM=1 "
	    "GIT_CONFIG_GLOBAL=/dev/null && rm -rf clone && "
	    "git clone -q hub clone 2>/dev/null && "
	    "git -C clone -c gpg.ssh.allowedSignersFile='%s/signers' log "
	    "--graph --show-signature --date=short "
	    "--format='%%h %%G? %%GS' main 2>&1 | head -24", d->dir, d->dir);
	printf("%s\n    $ git clone hub clone && git log --graph "
	    "--show-signature main\n", say("Anyone with stock git and the "
	    "public keys verifies every commit and reads nothing"));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", sh, (char *)NULL);
		_exit(127);
	}
	return pid < 0 ? fault_errno(FAULT_FAIL, "cannot start git") :
	    wait_for(d, pid, "git log");
}

static fault
make_dir(struct demo *d)
{
	const char *tmp = getenv("TMPDIR");
	char real[PATH_MAX];
	struct buf b = BUF_EMPTY;
	fault f = NULL;

	if (d->c->nargs == 1) {
		f = file_mkdirs(d->c->args[0], 0700);
		if (f == NULL && realpath(d->c->args[0], real) != NULL)
			d->dir = mem_text(real);
		else if (f == NULL)
			f = fault_errno(FAULT_FAIL, "%s", d->c->args[0]);
		return f;
	}
	buf_text(&b, "%s/fieldkit-demo.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	buf_cstr(&b);
	if (mkdtemp((char *)b.at) == NULL)
		f = fault_errno(FAULT_FAIL, "cannot make a folder for the "
		    "demo");
	else
		d->dir = mem_text((char *)b.at);
	buf_free(&b);
	return f;
}

static void
ending(const struct demo *d)
{
	printf(say("\nThe demo is in %s. Try next:\n"), d->dir);
	printf("    export FIELDKIT_HOME=%s/noor "
	    "FIELDKIT_PASSPHRASE_FILE=%s/passphrase\n", d->dir, d->dir);
	printf("    %s status\n", d->program);
	printf("    %s list observation --limit 5\n", d->program);
	printf("    %s search scooter\n", d->program);
	printf("    %s history %s\n", d->program, d->id_same);
	printf(say("or, as an outsider without any of these devices:\n"));
	printf("    %s audit %s/hub --genesis %s\n", d->program, d->dir,
	    d->genesis);
}

fault
cmd_demo(struct ctx *c)
{
	static const char pass[] = "practice makes a kit\n";
	struct demo d = { .c = c };
	ssize_t n = readlink("/proc/self/exe", d.program,
	    sizeof d.program - 1);
	char *path = NULL;
	fault f;

	if (n <= 0)
		return fault_errno(FAULT_FAIL, "cannot find this program");
	d.program[n] = '\0';
	if ((f = make_dir(&d)) != NULL)
		return f;
	path = path_join(d.dir, "passphrase");
	if ((f = file_write(path, bytes_of(pass), 0600)) == NULL &&
	    (f = chapter_begin(&d)) == NULL &&
	    (f = chapter_share(&d)) == NULL &&
	    (f = chapter_conflict(&d)) == NULL &&
	    (f = chapter_resolve(&d)) == NULL &&
	    (f = chapter_git(&d)) == NULL)
		ending(&d);
	free(path);
	free(d.dir);
	return f;
}
