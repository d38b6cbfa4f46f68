/*
 * cmd_paper -- the paper key, handed to a command.
 */
#include "fieldkit/cmd.h"

#include <stdlib.h>

fault
cmd_paper(const struct ctx *c, struct paper *p)
{
	const char *file = option(c, "recovery-file");
	const char *fd = option(c, "recovery-fd");
	struct secret_line l = { NULL, 0 };
	fault f;

	if (file != NULL)
		f = secret_line_file(&l, file);
	else if (fd != NULL)
		f = secret_line_fd(&l, atoi(fd));
	else if (term_there())
		f = term_secret(&l, say("The recovery key from the paper"));
	else
		f = fault_new(FAULT_LOCKED, "the recovery key is needed and "
		    "there is no terminal to ask on; nothing was changed; use "
		    "--recovery-file or --recovery-fd");
	if (l.at != NULL) {		/* where there was no fault */
		l.at[l.len] = '\0';
		f = paper_read(p, (const char *)l.at);
	}
	secret_line_free(&l);
	return f;
}

bool
cmd_paper_given(const struct ctx *c)
{
	return option(c, "recovery-file") != NULL ||
	    option(c, "recovery-fd") != NULL;
}
