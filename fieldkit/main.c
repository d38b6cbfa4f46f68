/*
 * main -- start, run one command, print one fault.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fieldkit/cmd.h"
#include "fieldkit/vault.h"
#include "sync/base/secret.h"

static void
interrupted(int sig)
{
	/* It only stores zeros, in memory that never moves. */
	secret_wipe();	/* NOLINT(bugprone-signal-handler) */
	_exit(128 + sig);
}

int
main(int argc, char **argv)
{
	int status = 0;
	fault f;

	umask(077);
	lang_set(cmd_language(argc, argv));
	if ((f = secret_start()) == NULL)
		f = vault_start(NULL);
	signal(SIGINT, interrupted);
	signal(SIGTERM, interrupted);
	signal(SIGHUP, interrupted);
	signal(SIGQUIT, interrupted);
	signal(SIGPIPE, SIG_IGN);
	if (f == NULL)
		f = cmd_run(argc, argv, &status);
	if (f != NULL) {
		fprintf(stderr, "fieldkit: %s\n", f->text);
		status = fault_exit(f);
	}
	secret_wipe();
	return status;
}
