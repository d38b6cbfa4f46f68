/*
 * term -- asking a person: passphrases without echo, yes or no.
 *
 * What is typed goes straight into locked memory.  Nothing asks where there
 * is no terminal.
 */
#ifndef FIELDKIT_TERM_H
#define FIELDKIT_TERM_H

#include "sync/base/buf.h"
#include "sync/base/fault.h"

#define TERM_LINE 1024		/* longest passphrase or code, bytes */

struct secret_line {		/* text in locked memory */
	uint8_t		*at;	/* TERM_LINE bytes; NULL: none */
	size_t		len;
};
void secret_line_free(struct secret_line *);

bool term_there(void);		/* is standard input or /dev/tty a terminal? */
/* FAULT_LOCKED if there is no terminal. */
fault term_secret(struct secret_line *, const char *prompt) MUST_CHECK;
/* First line of a descriptor or a file, without its newline. */
fault secret_line_fd(struct secret_line *, int fd) MUST_CHECK;
fault secret_line_file(struct secret_line *, const char *path) MUST_CHECK;
/* y/j or n; false where there is no terminal. */
bool term_yes(const char *question);

#endif
