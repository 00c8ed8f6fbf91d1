"""The colours of labels, for the window and for figures. No Qt."""

# Ten colours that everyone can tell apart: the CIEDE2000 distance of any two is at least 18, and at least 12
# as people with protanopia, deuteranopia or tritanopia see them (Machado et al. 2009; a test computes this).
# On the plane, each group also has its label as text.
LABEL_COLORS = (
    "#287afe",
    "#ed9912",
    "#9ee08f",
    "#fb5a6f",
    "#afa0ff",
    "#9c7a22",
    "#c67cb7",
    "#c4c1c3",
    "#fff20e",
    "#29f0ff",
)


def label_color_name(label: int) -> str:
    """The colour of a label as #rrggbb; the colours repeat after ten."""
    return LABEL_COLORS[label % len(LABEL_COLORS)]
