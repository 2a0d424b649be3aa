/** What a name of a model may be: it stands in paths. */
export const validName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Versions are integers from 1 on. */
export const validVersion = /^[1-9][0-9]{0,8}$/;
