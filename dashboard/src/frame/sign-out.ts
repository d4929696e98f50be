/** Ends the session, and leads back to where the next one begins. */
export const signOut = (csrf: string): void => {
  const body = new URLSearchParams({ csrf });
  void fetch('/logout', { method: 'POST', body }).then(() => location.assign('/login?to=/ui'));
};
