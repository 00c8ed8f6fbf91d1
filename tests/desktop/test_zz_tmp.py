from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
def test_far(open_window, qtbot, bundle_path):
    w=open_window(bundle_path)
    for text in ('1e30, 0','3e38,3e38', '-3e38 1', '1 1'):
        w.panel.z.clear(); qtbot.keyClicks(w.panel.z, text)
        with qtbot.waitSignal(w.explorer.picture_decoded): qtbot.keyClick(w.panel.z, Qt.Key_Return)
        qtbot.wait(50); w.plane.grab()
        print(w.explorer.state.z, w.panel.z_error.text())
        w.plane.setFocus(); qtbot.keyClick(w.plane, Qt.Key_P); qtbot.wait(50)
        print(len(w.explorer.state.path))
        qtbot.keyClick(w.plane, Qt.Key_Right)
        qtbot.wait(50)
