"""Further words by which the command palette finds a command, besides those of its text."""

# By the entry's text; a key that ends with a space matches all texts that begin so. Words are in lower case.
MORE_WORDS = {
    "Open": "load model bundle onnx latent import",
    "Open folder": "directory bundle model pictures photos load",
    "Open an image": "picture photo png jpeg import encode",
    "Open a folder of images as points": "pictures photos encode import",
    "Open a zip or .npz of images as points": "pictures photos encode import archive",
    "Save picture": "png export print image download",
    "Copy picture": "clipboard image png",
    "Share as a page": "html web website browser notebook export",
    "Export the view": "png svg pdf print figure plot paper plane save screenshot image",
    "Export animation": "gif mp4 webp apng film movie video save",
    "Save z": "numbers npy json export coordinates latent",
    "Save path": "numbers npy json export",
    "Open directions": "load npy import",
    "Reload": "refresh update",
    "Quit": "exit close leave",
    "Undo ": "back revert",
    "Redo ": "again repeat",
    "Copy view as text": "json state share",
    "Pause decoding the plane": "stop hold wait",
    "Home": "zoom out reset start whole center centre overview",
    "Zoom in": "larger closer magnify +",
    "Zoom out": "smaller farther -",
    "Fit to ": "zoom out all points whole",
    "Show the cursor": "center centre find zoom",
    "Random z": "draw sample chance dice",
    "Quantile axes": "prior 0 to 1 cdf uniform scale linear",
    "Side panel": "sidebar hide draw canvas settings tools",
    "Full screen": "fullscreen maximize maximise presentation",
    "Picture beside the cursor": "lens magnifier preview thumbnail zoom",
    "Dim other points while drawing": "faint fade highlight focus drawing",
    "Dark": "night black mode appearance color colour",
    "Light": "day white bright mode appearance color colour",
    "Like the system": "automatic mode appearance dark light",
    "Play the epochs": "time training animate film",
    "Compare with another epoch": "side by side difference",
    "Compare with another model": "side by side difference",
    "Close B": "compare comparison end remove second model",
    "Select in a box": "rectangle rubber band marquee",
    "Select in a lasso": "freehand draw around",
    "Clear the selection": "deselect unselect none delete remove",
    "Save it as CSV": "export table spreadsheet selection",
    "Find": "search look for label number",
    "Bookmark this place": "keep remember favorite favourite add save",
    "Make them the path": "bookmarks keyframes",
    "Add the cursor": "point keyframe path",
    "Remove the last point": "delete path undo",
    "Clear": "delete remove all empty",
    "Play or pause": "animate start stop walk run",
    "Test images ": "points dots scatter data",
    "Decoded plane": "manifold background backdrop pictures grid",
    "True posterior of your image": "gap elbo log p(x) exact drawing",
    "Aggregate posterior density": "heat map heatmap",
    "Thresholded": "binary black white picture mode",
    "Sample": "noise random bernoulli picture mode",
    "Probabilities": "gray grey picture mode",
    "By picture": "nearest neighbours neighbors likelihood pixels",
    "By z": "nearest neighbours neighbors distance",
    "Principal axes": "pca components directions plane",
    "Find directions here": "jacobian singular vectors svd sensitivity",
    "Pen": "draw brush pencil",
    "Eraser": "rubber erase delete",
    "Mark unknown": "mask cover inpaint occlude missing pixels",
    "Another colour": "color palette pick",
    "Clear the drawing": "delete remove empty canvas image",
    "Go to encoder's mean": "posterior latent cursor encode",
    "Go to mode": "true posterior maximum map cursor gap",
    "Straight": "linear interpolation lerp path",
    "Spherical": "slerp interpolation path",
    "Equal visual change": "interpolation path speed even",
    "Closed: back to the first point": "close ring circle return path",
    "Loop": "repeat endless path",
    "There and back": "ping pong bounce path",
    "Samples as PNG": "contact sheet thumbnails grid export download",
    "Reconstructions as PNG": "contact sheet thumbnails grid export download",
    "Manifold as PNG": "contact sheet thumbnails grid export download",
    "Traversals as PNG": "contact sheet thumbnails grid export download",
    "New samples": "resample seed random redraw",
    "Open the example": "demo mnist shipped model",
    "Shortcuts": "keys keyboard mouse help manual terms gap elbo meaning",
    "Show the hints again": "help tutorial tips intro",
    "About this model": "info information details metadata properties",
    "About Latent Plane": "version license licence info",
}


def more_words(text: str) -> str:
    """Return the further words for a command's text, menus included; empty if there are none.

    >>> more_words("Path › Export animation")
    'gif mp4 webp apng film movie video save'
    >>> more_words("Edit › Undo drawing a random z")
    'back revert'
    """
    own = text.rpartition(" › ")[2]
    begins = (
        words for start, words in MORE_WORDS.items() if start[-1] == " " and f"{own} ".startswith(start)
    )
    return MORE_WORDS.get(own) or next(begins, "")
