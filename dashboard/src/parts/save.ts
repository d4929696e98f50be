/** Something that the page has, as a file of whoever looks. */
export const save = (blob: Blob, name: string): void => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has it by then; a picture later nobody needs the address any more.
  requestAnimationFrame(() => URL.revokeObjectURL(link.href));
};
