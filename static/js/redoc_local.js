// ReDoc asks its maker's server for a logo, which this page's policy refuses: nothing from elsewhere
// is asked for at all, so that the console stays clean. React sets the address in both ways.
(() => {
  const image = HTMLImageElement.prototype;
  const { setAttribute } = Element.prototype;
  const source = Object.getOwnPropertyDescriptor(image, "src");
  const isLocal = (address) => new URL(address, location.href).origin === location.origin;

  image.setAttribute = function setLocal(name, value) {
    if (name !== "src" || isLocal(value)) setAttribute.call(this, name, value);
  };
  Object.defineProperty(image, "src", {
    ...source,
    set(value) {
      if (isLocal(value)) source.set.call(this, value);
    },
  });
})();
