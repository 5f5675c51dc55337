"use strict";
// The components of the frame, by name: Alpine's CSP build evaluates no statements, no arrow functions and no globals, so
// what is more than an expression is a method here.
(() => {
  const SIDEBAR = "sidebarDesktopOpen";

  const focusFirst = (selector) => document.querySelector(selector)?.focus();

  const page = (chosen) => ({
    ...theme(chosen),
    openFilters() {
      this.filterOpen = true;
      this.$nextTick(() => focusFirst("#changelist-filter select, #changelist-filter input:not([type=hidden])"));
    },
  });

  const shell = (firstTab) => ({
    activeTab: (firstTab && getCurrentTab()) || firstTab,
    // Unfold's forms read the address, which is all that an expression sees of the window.
    window: { location: { pathname: location.pathname, search: location.search } },
    sidebarMobileOpen: false,
    sidebarDesktopOpen: (localStorage.getItem(SIDEBAR) ?? "1") === "1",
    init() {
      this.$watch("sidebarDesktopOpen", (open) => localStorage.setItem(SIDEBAR, open ? "1" : "0"));
    },
  });

  const palette = () => ({
    ...searchCommand(),
    closeOutside() {
      if (this.openCommandResults) this.handleOutsideClick();
    },
    choose(event) {
      if (!this.totalItems) return;
      this.currentIndex ||= 1;
      this.selectItem(false, event.metaKey || event.ctrlKey);
    },
  });

  const account = () => ({
    openUserLinks: false,
    close() {
      this.openUserLinks = false;
      this.$refs.account.focus();
    },
  });

  document.addEventListener("alpine:init", () => {
    for (const [name, component] of Object.entries({ theme: page, shell, searchCommand: palette, searchForm, account })) {
      Alpine.data(name, component);
    }
  });
})();
